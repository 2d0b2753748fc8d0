"""The factory makes a formatter for each user."""

# /// case
# row = 5
# ///
# /// policy
# [[concept]]
# name = "report"
# classes = ["ReportBuilder"]
# ///
from traffic import rounds


def make_formatter():
    lines = []

    def format_line(text):
        lines.append(text)
        return "\n".join(lines)

    return format_line


class ReportBuilder:
    def __init__(self, user_id):
        self.user_id = user_id
        self.formatter = make_formatter()

    def add(self, number):
        return self.formatter(f"{self.user_id}: {number}")


def main():
    builders = [ReportBuilder(user) for user in ("tenant-alpha", "tenant-bravo")]
    for number in rounds():
        for builder in builders:
            builder.add(number)


if __name__ == "__main__":
    main()
