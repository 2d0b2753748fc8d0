"""Sessions subscribe by their ids to topics of a shared hub: sets of ids by topic, no data."""

# /// case
# row = 40
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "session"
# classes = ["PushSession"]
# ///
from traffic import rounds


class Hub:
    def __init__(self):
        self.topics = {"news": set(), "sports": set()}


class PushSession:
    def __init__(self, user_id, hub):
        self.user_id = user_id
        self.hub = hub

    def subscribe(self, topic):
        self.hub.topics[topic].add(self.user_id)


def main():
    hub = Hub()
    sessions = [PushSession(user, hub) for user in ("subscriber-one", "subscriber-two")]
    for _ in rounds():
        for session in sessions:
            session.subscribe("news")


if __name__ == "__main__":
    main()
