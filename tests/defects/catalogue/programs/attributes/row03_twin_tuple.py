"""A shallow copy of a template whose nested values are tuples, replaced rather than changed."""

# /// case
# row = 3
# ///
# /// policy
# [[concept]]
# name = "session"
# classes = ["ShopSession"]
# ///
from traffic import rounds

TEMPLATE = {"cart": (), "language": "en"}


class ShopSession:
    def __init__(self, user_id):
        self.user_id = user_id
        self.state = dict(TEMPLATE)


def main():
    sessions = [ShopSession(user) for user in ("customer-1001", "customer-2002")]
    for number in rounds():
        for session in sessions:
            session.state["cart"] += ((number, session.user_id),)


if __name__ == "__main__":
    main()
