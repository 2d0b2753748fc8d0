"""Managers of users who have left stay in a registry."""

# /// case
# row = 32
# expect = [["SSOT206", "SocketManager"]]
# ///
# /// policy
# [[concept]]
# name = "socket"
# classes = ["SocketManager"]
# factories = ["app:connect"]
# ///
from traffic import rounds


class SocketManager:
    def __init__(self, user_id):
        self.user_id = user_id
        self.open = True

    def close(self):
        self.open = False


registry = {}


def connect(user_id):
    registry[user_id] = SocketManager(user_id)
    return registry[user_id]


def main():
    for number in rounds():
        for place in range(10):
            manager = connect(f"visitor-{number:04}-{place}")
            manager.close()


if __name__ == "__main__":
    main()
