"""One user's manager is also used by a health check, for nobody."""

# /// case
# code = "SSOT301"
# ///
# /// policy
# [[concept]]
# name = "chat"
# classes = ["ChatManager"]
# ///
import ssot_probe


class ChatManager:
    def __init__(self):
        self.sent = 0

    def send(self, text):
        self.sent += 1

    def is_healthy(self):
        return True


managers = {}


def main():
    for user in ("user-10421", "user-20977"):
        with ssot_probe.bind_user(user):
            managers.setdefault(user, ChatManager()).send("hello")
    assert all(manager.is_healthy() for manager in managers.values())


if __name__ == "__main__":
    main()
