"""Two users' repositories hold one cursor of sqlite3."""

# /// case
# row = 7
# expect = [["SSOT303", "cursor"], ["SSOT303", "Cursor"]]
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "ledger"
# classes = ["LedgerRepository"]
# ///
import sqlite3

from traffic import rounds


class LedgerRepository:
    def __init__(self, user_id, cursor):
        self.user_id = user_id
        self.cursor = cursor

    def book(self, amount):
        self.cursor.execute("insert into ledger values (?, ?)", (self.user_id, amount))


def main():
    cursor = sqlite3.connect(":memory:").cursor()
    cursor.execute("create table ledger (user text, amount int)")
    ledgers = [LedgerRepository(user, cursor) for user in ("booker-1", "booker-2")]
    for number in rounds():
        for ledger in ledgers:
            ledger.book(number)


if __name__ == "__main__":
    main()
