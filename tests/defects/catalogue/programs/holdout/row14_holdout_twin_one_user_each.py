"""Forked workers, each with one user and a copy of the parent's list: no two meet in one process."""

# /// case
# row = 14
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "orders"
# classes = ["OrderService"]
# ///
import multiprocessing

from traffic import rounds


class OrderService:
    seen = []

    def __init__(self, user_id):
        self.user_id = user_id

    def get(self, path):
        self.seen.append(f"{self.user_id} {path}")


def work(user):
    service = OrderService(user)
    for _ in rounds():
        service.get("/orders")


def main():
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=work, args=(user,)) for user in ("account-8841", "account-9952")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
