"""scoped_session whose scope is the request of a ContextVar."""

# /// case
# row = 37
# needs = ["sqlalchemy"]
# lengths = ["long", "short"]
# ///
# /// policy
# user = [{ contextvar = "app:request_user" }]
# [[concept]]
# name = "orders"
# classes = ["OrderRepository"]
# ///
import contextvars

from sqlalchemy import create_engine, text
from sqlalchemy.orm import scoped_session, sessionmaker

from traffic import rounds

request_user = contextvars.ContextVar("request_user")
Sessions = scoped_session(sessionmaker(create_engine("sqlite://")), scopefunc=request_user.get)


class OrderRepository:
    def __init__(self):
        self.session = Sessions()

    def count(self):
        return self.session.execute(text("select 1")).scalar()


repositories = {}


def handle(user):
    token = request_user.set(user)
    try:
        if user not in repositories:
            repositories[user] = OrderRepository()
        repositories[user].count()
    finally:
        request_user.reset(token)


def main():
    for _ in rounds():
        for user in ("buyer-100", "buyer-200"):
            handle(user)


if __name__ == "__main__":
    main()
