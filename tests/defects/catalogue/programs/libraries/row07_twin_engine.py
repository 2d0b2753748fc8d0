"""Users share the engine and the sessionmaker; each has a Session."""

# /// case
# row = 7
# needs = ["sqlalchemy"]
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "orders"
# classes = ["OrderRepository"]
# ///
from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import StaticPool

from traffic import rounds


class OrderRepository:
    def __init__(self, user_id, engine, make_session):
        self.user_id = user_id
        self.engine = engine
        self.make_session = make_session
        self.session = make_session()

    def place(self, article):
        self.session.execute(
            text("insert into orders values (:user, :article)"), {"user": self.user_id, "article": article}
        )
        self.session.commit()


def main():
    engine = create_engine("sqlite://", poolclass=StaticPool)
    make_session = sessionmaker(engine)
    with make_session() as first:
        first.execute(text("create table orders (user text, article int)"))
        first.commit()
    repositories = [OrderRepository(user, engine, make_session) for user in ("buyer-100", "buyer-200")]
    for number in rounds():
        for repository in repositories:
            repository.place(number)


if __name__ == "__main__":
    main()
