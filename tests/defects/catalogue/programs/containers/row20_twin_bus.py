"""A bus that every session subscribes to, each with itself."""

# /// case
# row = 20
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "document"
# classes = ["DocumentSession"]
# ///
from traffic import rounds


class Bus:
    def __init__(self):
        self.subscribers = []

    def publish(self, news):
        for subscriber in self.subscribers:
            subscriber(news)


class DocumentSession:
    def __init__(self, user_id, bus):
        self.user_id = user_id
        self.bus = bus
        self.seen = 0
        bus.subscribers.append(self.receive)

    def receive(self, news):
        self.seen += 1


def main():
    bus = Bus()
    sessions = [DocumentSession(user, bus) for user in ("alice.moore", "bobby.brown")]
    for number in rounds():
        bus.publish(f"maintenance at {number}")
    assert len(sessions) == 2


if __name__ == "__main__":
    main()
