"""A thread pool, a class method as the factory, users with UUIDs, each asked for twice at once."""

# /// case
# row = 16
# expect = [["SSOT205", "Basket"]]
# ///
# /// policy
# user = [{ argument = "customer" }]
# [[concept]]
# name = "basket"
# classes = ["Basket"]
# factories = ["app:Basket.of"]
# ///
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

from traffic import rounds


class Basket:
    baskets = {}
    opening = threading.Barrier(2, timeout=20)

    def __init__(self):
        self.articles = []

    @classmethod
    def of(cls, customer):
        if customer not in cls.baskets:
            basket = cls()
            cls.opening.wait()
            cls.baskets[customer] = basket
        return cls.baskets[customer]


def main():
    with ThreadPoolExecutor(max_workers=2) as pool:
        for number in rounds():
            customer = uuid.UUID(int=number + 1)
            jobs = [pool.submit(Basket.of, customer) for _ in range(2)]
            assert all(job.result() for job in jobs)


if __name__ == "__main__":
    main()
