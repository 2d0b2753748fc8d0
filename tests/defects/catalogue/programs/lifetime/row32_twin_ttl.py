"""Managers stay for a moment, so that a user can come back, and in a bounded number."""

# /// case
# row = 32
# needs = ["cachetools"]
# ///
# /// policy
# [[concept]]
# name = "socket"
# classes = ["SocketManager"]
# ///
from cachetools import TTLCache

from traffic import rounds


class SocketManager:
    def __init__(self, user_id):
        self.user_id = user_id

    def receive(self, news):
        return news


recent = TTLCache(maxsize=16, ttl=0.1)


def main():
    for number in rounds():
        for place in range(10):
            user = f"visitor-{number:04}-{place}"
            recent[user] = SocketManager(user)
            recent[user].receive("hello")


if __name__ == "__main__":
    main()
