"""Two users' threads are inside of one manager for a moment only."""

# /// case
# code = "SSOT306"
# expect = [["SSOT306", "BillingManager"]]
# also = ["SSOT301"]
# ///
# /// policy
# user = [{ contextvar = "__main__:current_user" }]
# [[concept]]
# name = "billing"
# classes = ["BillingManager"]
# ///
import threading
import time
from contextvars import ContextVar

current_user = ContextVar("current_user")


class BillingManager:
    def __init__(self):
        self.total = 0

    def charge(self, amount):
        before = self.total
        time.sleep(0.02)
        self.total = before + amount


manager = BillingManager()
start = threading.Barrier(2, timeout=20)


def get_manager():
    return manager


def request(user):
    current_user.set(user)
    start.wait()
    get_manager().charge(10)


def main():
    threads = [threading.Thread(target=request, args=(user,)) for user in ("user-10421", "user-20977")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
