"""Fifty users connect and stay connected."""

# /// case
# row = 32
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "socket"
# classes = ["SocketManager"]
# ///
from traffic import rounds


class SocketManager:
    def __init__(self, user_id):
        self.user_id = user_id

    def receive(self, news):
        return news


connected = {}


def main():
    for number in range(50):
        connected[f"visitor-{number:04}"] = SocketManager(f"visitor-{number:04}")
    for _ in rounds():
        for manager in connected.values():
            manager.receive("hello")


if __name__ == "__main__":
    main()
