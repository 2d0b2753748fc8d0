"""One user's manager is used in two threads, where the policy wants one for each."""

# /// case
# code = "SSOT302"
# expect = [["SSOT302", "TradeManager"]]
# ///
# /// policy
# [[concept]]
# name = "trade"
# classes = ["TradeManager"]
# isolation = "user+thread"
# ///
import threading

import ssot_probe


class TradeManager:
    def __init__(self, user_id):
        self.user_id = user_id
        self.orders = 0

    def order(self):
        self.orders += 1


def work(manager):
    with ssot_probe.bind_user("user-10421"):
        manager.order()


def main():
    manager = TradeManager("user-10421")
    threads = [threading.Thread(target=work, args=(manager,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
