"""A lock around looking and making."""

# /// case
# row = 17
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "chat"
# classes = ["ChatManager"]
# factories = ["app:get_manager"]
# ///
import threading
import time

from traffic import at_once, rounds


class ChatManager:
    def __init__(self, user_id):
        self.user_id = user_id
        time.sleep(0.01)


managers = {}
lock = threading.Lock()


def get_manager(user_id):
    with lock:
        if user_id not in managers:
            managers[user_id] = ChatManager(user_id)
        return managers[user_id]


def main():
    for number in rounds():
        at_once(get_manager, *[f"chatter-{number:04}"] * 4)
        managers.clear()  # who has left


if __name__ == "__main__":
    main()
