"""One SQLAlchemy Session is made at start and given to every user's repository."""

# /// case
# row = 7
# needs = ["sqlalchemy"]
# expect = [["SSOT303", "Session"]]
# ///
# /// policy
# [[concept]]
# name = "orders"
# classes = ["OrderRepository"]
# ///
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from traffic import rounds


class OrderRepository:
    def __init__(self, user_id, session):
        self.user_id = user_id
        self.session = session

    def place(self, article):
        self.session.execute(
            text("insert into orders values (:user, :article)"), {"user": self.user_id, "article": article}
        )
        self.session.commit()


def main():
    engine = create_engine("sqlite://")
    session = Session(engine)
    session.execute(text("create table orders (user text, article int)"))
    repositories = [OrderRepository(user, session) for user in ("buyer-100", "buyer-200")]
    for number in rounds():
        for repository in repositories:
            repository.place(number)


if __name__ == "__main__":
    main()
