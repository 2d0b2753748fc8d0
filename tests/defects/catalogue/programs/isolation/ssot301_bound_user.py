"""An instance made at import is used for two users that bind_user names."""

# /// case
# code = "SSOT301"
# expect = [["SSOT301", "ChatManager"]]
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


manager = ChatManager()


def main():
    for user in ("user-10421", "user-20977"):
        with ssot_probe.bind_user(user):
            manager.send("hello")


if __name__ == "__main__":
    main()
