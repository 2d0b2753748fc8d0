"""A function that is no allowed factory constructs and returns the manager."""


# /// case
# code = "SSOT203"
# expect = [["SSOT203", "@here"]]
# also = ["SSOT201", "SSOT204"]
# ///
# /// policy
# [[concept]]
# name = "socket"
# classes = ["SocketManager"]
# factories = ["app:ManagerFactory.create"]
# ///
class SocketManager:
    def __init__(self, user_id):
        self.user_id = user_id


class ManagerFactory:
    def create(self, user_id):
        return SocketManager(user_id)


def quick_manager(user_id):
    return SocketManager(user_id)  # here


def main():
    kept = [ManagerFactory().create("user-10421"), quick_manager("user-20977")]
    assert len(kept) == 2


if __name__ == "__main__":
    main()
