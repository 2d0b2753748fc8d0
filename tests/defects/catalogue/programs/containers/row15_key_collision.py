"""The factory's key is the first eight characters of the address: two users, one key."""

# /// case
# row = 15
# expect = [["SSOT301", "MailboxManager"]]
# also = ["SSOT303"]
# ///
# /// policy
# [[concept]]
# name = "mailbox"
# classes = ["MailboxManager"]
# factories = ["app:get_mailbox"]
# ///
from traffic import rounds


class MailboxManager:
    def __init__(self, owner):
        self.owner = owner


_mailboxes = {}


def get_mailbox(user_id):
    key = user_id.lower()[:8]
    if key not in _mailboxes:
        _mailboxes[key] = MailboxManager(user_id)
    return _mailboxes[key]


def main():
    for _ in rounds():
        for user in ("johnson.a@example.org", "Johnson.b@example.org"):
            get_mailbox(user)


if __name__ == "__main__":
    main()
