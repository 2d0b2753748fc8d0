"""A list in the class body, filled through self by every user's manager."""

# /// case
# row = 2
# expect = [["SSOT303", "messages"]]
# ///
# /// policy
# [[concept]]
# name = "inbox"
# classes = ["InboxManager"]
# ///
from traffic import rounds


class InboxManager:
    messages = []

    def __init__(self, user_id):
        self.user_id = user_id

    def receive(self, text):
        self.messages.append((self.user_id, text))


def main():
    inboxes = {user: InboxManager(user) for user in ("anna.berg@example.org", "li.wei@example.org")}
    for number in rounds():
        for inbox in inboxes.values():
            inbox.receive(f"message {number}")


if __name__ == "__main__":
    main()
