"""The same user logs in again on the same connection."""

# /// case
# row = 38
# ///
# /// policy
# [[concept]]
# name = "connection"
# classes = ["ConnectionManager"]
# ///
from traffic import rounds


class ConnectionManager:
    def __init__(self):
        self.subscriptions = set()

    def subscribe(self, topic):
        self.subscriptions.add(topic)


managers = {}


def manager_for(connection, user_id):
    if connection not in managers:
        managers[connection] = ConnectionManager()
    return managers[connection]


def main():
    for _ in rounds():
        for connection, user in enumerate(("visitor-0101", "visitor-0202")):
            manager_for(connection, user).subscribe(f"news of {user}")


if __name__ == "__main__":
    main()
