"""Each thread makes one, and setdefault hands out the first."""

# /// case
# row = 17
# ///
# /// policy
# [[concept]]
# name = "chat"
# classes = ["ChatManager"]
# factories = ["app:get_manager"]
# ///
import time

from traffic import at_once, rounds


class ChatManager:
    def __init__(self, user_id):
        self.user_id = user_id
        time.sleep(0.01)


managers = {}


def get_manager(user_id):
    if user_id in managers:
        return managers[user_id]
    return managers.setdefault(user_id, ChatManager(user_id))


def main():
    for number in rounds():
        at_once(get_manager, *[f"chatter-{number:04}"] * 4)
        managers.clear()  # who has left


if __name__ == "__main__":
    main()
