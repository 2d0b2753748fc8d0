"""Managers are kept by connection number, which the next user gets again."""

# /// case
# row = 38
# expect = [["SSOT301", "ConnectionManager"]]
# also = ["SSOT303"]
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
    for number in rounds():
        user = ("visitor-0101", "visitor-0202")[number % 2]
        manager_for(7, user).subscribe(f"news of {user}")


if __name__ == "__main__":
    main()
