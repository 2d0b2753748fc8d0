"""scoped_session with a scope function that returns a constant: one Session for all."""

# /// case
# row = 37
# needs = ["sqlalchemy"]
# expect = [["SSOT303", "Session"], ["SSOT301", "Session"]]
# ///
# /// policy
# [[concept]]
# name = "orders"
# classes = ["OrderRepository"]
# ///
from sqlalchemy import create_engine, text
from sqlalchemy.orm import scoped_session, sessionmaker

from traffic import rounds

Sessions = scoped_session(sessionmaker(create_engine("sqlite://")), scopefunc=lambda: "app")


class OrderRepository:
    def __init__(self, user_id):
        self.user_id = user_id
        self.session = Sessions()

    def count(self):
        return self.session.execute(text("select 1")).scalar()


def main():
    repositories = [OrderRepository(user) for user in ("buyer-100", "buyer-200")]
    for _ in rounds():
        for repository in repositories:
            repository.count()


if __name__ == "__main__":
    main()
