"""A registry keyed by integer ids, each with its own data, also with short ids inside."""

# /// case
# row = 14
# lengths = ["long", "short"]
# ///
# /// policy
# user = [{ argument = "account" }]
# [[concept]]
# name = "search"
# classes = ["AccountView"]
# ///
from traffic import rounds


class AccountView:
    def __init__(self, account, table):
        self.account = account
        self.table = table

    def refresh(self, number):
        self.table[self.account] = {"account": self.account, "visits": number}


def main():
    table = {}
    views = [AccountView(account, table) for account in (1, 2, 3)]
    for number in rounds():
        for view in views:
            view.refresh(number)


if __name__ == "__main__":
    main()
