"""Each thread has a manager of the user."""

# /// case
# code = "SSOT302"
# ///
# /// policy
# [[concept]]
# name = "trade"
# classes = ["TradeManager"]
# factories = ["app:get_manager"]
# isolation = "user+thread"
# ///
import threading

from traffic import at_once


class TradeManager:
    def __init__(self, user_id):
        self.user_id = user_id


managers = {}


def get_manager(user_id):
    key = user_id, threading.get_ident()
    if key not in managers:
        managers[key] = TradeManager(user_id)
    return managers[key]


def main():
    get_manager("user-10421")
    at_once(get_manager, "user-10421", "user-10421")


if __name__ == "__main__":
    main()
