"""lru_cache does not lock: threads that come at once get a manager each."""

# /// case
# row = 17
# expect = [["SSOT205", "get_manager"], ["SSOT205", "ChatManager"]]
# ///
# /// policy
# [[concept]]
# name = "chat"
# classes = ["ChatManager"]
# factories = ["app:get_manager"]
# ///
import threading
from functools import lru_cache

from traffic import at_once, rounds


_connecting = threading.Barrier(4, timeout=20)


class ChatManager:
    def __init__(self, user_id):
        self.user_id = user_id
        _connecting.wait()


@lru_cache(maxsize=None)
def get_manager(user_id):
    return ChatManager(user_id)


def main():
    for number in rounds():
        at_once(get_manager, *[f"chatter-{number:04}"] * 4)


if __name__ == "__main__":
    main()
