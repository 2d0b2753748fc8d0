"""Forked workers, in each of them two users and a cache without the user in its key."""

# /// case
# row = 14
# expect = [["SSOT303", "cache"]]
# ///
# /// policy
# [[concept]]
# name = "orders"
# classes = ["OrderService"]
# ///
import multiprocessing

from traffic import rounds


class OrderService:
    cache = {}

    def __init__(self, user_id):
        self.user_id = user_id

    def get(self, path):
        if path not in self.cache:
            self.cache[path] = {"owner": self.user_id, "orders": [17, 23]}
        return self.cache[path]


def work():
    services = [OrderService(user) for user in ("account-8841", "account-9952")]
    for _ in rounds():
        for service in services:
            service.get("/orders")


def main():
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
