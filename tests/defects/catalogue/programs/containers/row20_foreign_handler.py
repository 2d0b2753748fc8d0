"""Alice's handler stands in bob's list of callbacks."""

# /// case
# row = 20
# expect = [["SSOT303", "callbacks"], ["SSOT303", "DocumentSession"]]
# ///
# /// policy
# [[concept]]
# name = "document"
# classes = ["DocumentSession"]
# ///
from traffic import rounds


class Notifier:
    def __init__(self, name):
        self.name = name
        self.got = []

    def notify(self, text):
        self.got.append(f"{self.name}: {text}")


class DocumentSession:
    def __init__(self, user_id):
        self.user_id = user_id
        self.notifier = Notifier(user_id)
        self.callbacks = [self.notifier.notify]

    def changed(self, text):
        for callback in self.callbacks:
            callback(text)


def main():
    alice, bob = DocumentSession("alice.moore"), DocumentSession("bobby.brown")
    bob.callbacks.append(alice.notifier.notify)
    for number in rounds():
        alice.changed(f"edit {number}")
        bob.changed(f"edit {number}")


if __name__ == "__main__":
    main()
