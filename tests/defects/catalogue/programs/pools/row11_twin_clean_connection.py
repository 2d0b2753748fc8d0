"""A connection without anything of a user goes from one to the next."""

# /// case
# row = 11
# ///
# /// policy
# [[concept]]
# name = "lookup"
# classes = ["LookupSession"]
# ///
import sqlite3
from contextlib import closing

from traffic import rounds

free = []


class LookupSession:
    def __init__(self, user_id):
        self.user_id = user_id
        self.found = 0

    def ask(self):
        connection = free.pop()
        try:
            with closing(connection.execute("select 1")) as cursor:
                self.found += cursor.fetchone()[0]
        finally:
            free.append(connection)


def main():
    free.append(sqlite3.connect(":memory:"))
    sessions = [LookupSession(user) for user in ("exporter-kim", "exporter-lee")]
    for _ in rounds():
        for session in sessions:
            session.ask()


if __name__ == "__main__":
    main()
