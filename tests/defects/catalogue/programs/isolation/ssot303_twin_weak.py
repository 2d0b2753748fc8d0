"""Two users' managers know each other by weak references, and hold equal but separate lists."""

# /// case
# code = "SSOT303"
# ///
# /// policy
# [[concept]]
# name = "manager"
# classes = ["WebSocketManager"]
# ///
import weakref


class WebSocketManager:
    def __init__(self, user_id, topics):
        self.user_id = user_id
        self.topics = list(topics)
        self.peer = None

    def connect(self, peer):
        self.peer = weakref.ref(peer)
        self.topics.append(self.user_id)


def main():
    topics = ("news", "weather")
    first, second = WebSocketManager("user-10421", topics), WebSocketManager("user-20977", topics)
    first.connect(second)
    second.connect(first)


if __name__ == "__main__":
    main()
