"""Constants in the class body, among them a list that nobody changes."""

# /// case
# row = 2
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "inbox"
# classes = ["InboxManager"]
# ///
from traffic import rounds


class InboxManager:
    FIELDS = ["sender", "text"]
    LIMITS = {"size": 100, "age": 30}

    def __init__(self, user_id):
        self.user_id = user_id
        self.messages = []

    def receive(self, *values):
        self.messages.append(dict(zip(self.FIELDS, values)))
        del self.messages[: -self.LIMITS["size"]]


def main():
    inboxes = {user: InboxManager(user) for user in ("anna.berg@example.org", "li.wei@example.org")}
    for number in rounds():
        for user, inbox in inboxes.items():
            inbox.receive(user, f"message {number}")


if __name__ == "__main__":
    main()
