"""Every session starts as a shallow copy of a template, and its cart is the template's."""

# /// case
# row = 3
# expect = [["SSOT303", "ShopSession.state"], ["SSOT303", "TEMPLATE"]]
# ///
# /// policy
# [[concept]]
# name = "session"
# classes = ["ShopSession"]
# factories = ["app:open_session"]
# ///
from traffic import rounds

TEMPLATE = {"cart": [], "language": "en"}


class ShopSession:
    def __init__(self, user_id):
        self.user_id = user_id
        self.state = dict(TEMPLATE)


sessions = {}


def open_session(user_id):
    if user_id not in sessions:
        sessions[user_id] = ShopSession(user_id)
    return sessions[user_id]


def main():
    for number in rounds():
        for user in ("customer-1001", "customer-2002"):
            session = open_session(user)
            session.state["cart"].append({"article": number, "for": session.user_id})


if __name__ == "__main__":
    main()
