"""One user opens two tabs and gets the same mailbox in both."""

# /// case
# row = 15
# ///
# /// policy
# [[concept]]
# name = "mailbox"
# classes = ["MailboxManager"]
# factories = ["app:get_mailbox"]
# ///
from traffic import at_once, rounds


class MailboxManager:
    def __init__(self, owner):
        self.owner = owner
        self.opened = 0

    def open(self):
        self.opened += 1


_mailboxes = {}


def get_mailbox(user_id):
    if user_id not in _mailboxes:
        _mailboxes[user_id] = MailboxManager(user_id)
    return _mailboxes[user_id]


def main():
    get_mailbox("johnson.a@example.org")
    get_mailbox("johnson.b@example.org")
    for _ in rounds():
        at_once(lambda tab: get_mailbox("johnson.a@example.org").open(), "first tab", "second tab")


if __name__ == "__main__":
    main()
