"""A shared list lies in a tuple in a tuple; users are e-mail addresses."""

# /// case
# row = 3
# expect = [["SSOT303", "layout"]]
# ///
# /// policy
# user = [{ argument = "email" }]
# [[concept]]
# name = "page"
# classes = ["PageState"]
# ///
from traffic import rounds

EMPTY = ("v1", (("widgets", []), ("theme", "dark")))


class PageState:
    def __init__(self, email):
        self.email = email
        self.layout = EMPTY

    def add(self, widget):
        self.layout[1][0][1].append({"by": self.email, "widget": widget})


def main():
    pages = {email: PageState(email) for email in ("mia@example.org", "noah@example.org")}
    for number in rounds():
        for page in pages.values():
            page.add(number)


if __name__ == "__main__":
    main()
