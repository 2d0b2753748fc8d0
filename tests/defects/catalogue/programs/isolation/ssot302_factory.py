"""A factory hands one user's manager to several threads of a pool."""

# /// case
# code = "SSOT302"
# expect = [["SSOT302", "TradeManager"]]
# ///
# /// policy
# [[concept]]
# name = "trade"
# classes = ["TradeManager"]
# factories = ["app:get_manager"]
# isolation = "user+thread"
# ///
from traffic import at_once


class TradeManager:
    def __init__(self, user_id):
        self.user_id = user_id


managers = {}


def get_manager(user_id):
    if user_id not in managers:
        managers[user_id] = TradeManager(user_id)
    return managers[user_id]


def main():
    get_manager("user-10421")
    at_once(get_manager, "user-10421", "user-10421")


if __name__ == "__main__":
    main()
