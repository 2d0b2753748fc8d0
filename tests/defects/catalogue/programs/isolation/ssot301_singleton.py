"""A factory hands the one manager of the module to every user."""


# /// case
# code = "SSOT301"
# expect = [["SSOT301", "ChatManager", "get_manager"]]
# ///
# /// policy
# [[concept]]
# name = "chat"
# classes = ["ChatManager"]
# ///
class ChatManager:
    def __init__(self):
        self.rooms = []


_manager = ChatManager()


def get_manager(user_id):
    return _manager


def main():
    for user in ("user-10421", "user-20977"):
        get_manager(user)


if __name__ == "__main__":
    main()
