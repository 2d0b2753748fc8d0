"""Users' repositories hold the scoped_session object; each user is served by a thread of its own."""

# /// case
# row = 7
# needs = ["sqlalchemy"]
# ///
# /// policy
# [[concept]]
# name = "orders"
# classes = ["OrderRepository"]
# ///
from sqlalchemy import create_engine, text
from sqlalchemy.orm import scoped_session, sessionmaker

from traffic import at_once, rounds


class OrderRepository:
    def __init__(self, user_id, sessions):
        self.user_id = user_id
        self.sessions = sessions

    def count(self):
        try:
            return self.sessions.execute(text("select 1")).scalar()
        finally:
            self.sessions.remove()


def main():
    sessions = scoped_session(sessionmaker(create_engine("sqlite://")))
    repositories = [OrderRepository(user, sessions) for user in ("buyer-100", "buyer-200")]
    for _ in rounds():
        at_once(OrderRepository.count, *repositories)


if __name__ == "__main__":
    main()
