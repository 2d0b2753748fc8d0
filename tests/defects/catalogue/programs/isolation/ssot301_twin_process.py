"""The one manager of the module is declared to be everybody's."""


# /// case
# code = "SSOT301"
# ///
# /// policy
# [[concept]]
# name = "chat"
# classes = ["ChatManager"]
# isolation = "process"
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
