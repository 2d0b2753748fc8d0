"""A request handler constructs the manager itself."""


# /// case
# code = "SSOT203"
# expect = [["SSOT203", "@here"]]
# ///
# /// policy
# [[concept]]
# name = "socket"
# classes = ["SocketManager"]
# factories = ["app:get_manager"]
# ///
class SocketManager:
    def __init__(self, user_id):
        self.user_id = user_id


def get_manager(user_id):
    return SocketManager(user_id)


def handle(user_id):
    return SocketManager(user_id).user_id  # here


def main():
    get_manager("user-10421")
    handle("user-20977")


if __name__ == "__main__":
    main()
