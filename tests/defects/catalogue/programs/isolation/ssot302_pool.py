"""Two workers of an executor work on one user's manager, request after request."""

# /// case
# code = "SSOT302"
# expect = [["SSOT302", "TradeManager"]]
# lengths = ["long"]
# ///
# /// policy
# user = [{ contextvar = "app:current_user" }]
# [[concept]]
# name = "trade"
# classes = ["TradeManager"]
# isolation = "user+thread"
# ///
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

from traffic import rounds

current_user = ContextVar("current_user", default=None)


class TradeManager:
    def __init__(self):
        self.orders = 0

    def order(self, together):
        together.wait()
        self.orders += 1


def work(manager, together):
    token = current_user.set("user-10421")
    try:
        manager.order(together)
    finally:
        current_user.reset(token)


def main():
    manager = TradeManager()
    with ThreadPoolExecutor(max_workers=2) as pool:
        for _ in rounds():
            together = threading.Barrier(2)
            for job in [pool.submit(work, manager, together) for _ in range(2)]:
                job.result()


if __name__ == "__main__":
    main()
