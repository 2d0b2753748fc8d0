"""A worker thread constructs the manager itself, through an alias of the class."""

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
import threading


class SocketManager:
    def __init__(self, user_id):
        self.user_id = user_id


Manager = SocketManager


def get_manager(user_id):
    return SocketManager(user_id)


def work(user_id, results):
    results.append(Manager(user_id))  # here


def main():
    results = [get_manager("user-10421")]
    thread = threading.Thread(target=work, args=("user-20977", results))
    thread.start()
    thread.join()
    assert len(results) == 2


if __name__ == "__main__":
    main()
