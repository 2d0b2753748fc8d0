"""cached_property does not lock since Python 3.12: threads get a manager each."""

# /// case
# row = 17
# python = "3.12"
# expect = [["SSOT205", "ChatManager"], ["SSOT205", "manager"]]
# ///
# /// policy
# [[concept]]
# name = "chat"
# classes = ["ChatManager"]
# ///
import threading
from functools import cached_property

from traffic import at_once, rounds


_connecting = threading.Barrier(3, timeout=20)


class ChatManager:
    def __init__(self, user_id):
        self.user_id = user_id
        _connecting.wait()


class Account:
    def __init__(self, user_id):
        self.user_id = user_id

    @cached_property
    def manager(self):
        return ChatManager(self.user_id)


def main():
    for number in rounds():
        account = Account(f"chatter-{number:04}")
        at_once(lambda _, account=account: account.manager, 1, 2, 3)


if __name__ == "__main__":
    main()
