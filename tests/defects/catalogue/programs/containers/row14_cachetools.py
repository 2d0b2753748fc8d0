"""A TTLCache in the module, filled by the query alone."""

# /// case
# row = 14
# needs = ["cachetools"]
# expect = [["SSOT303", "_responses"]]
# ///
# /// policy
# [[concept]]
# name = "orders"
# classes = ["OrderService"]
# ///
from cachetools import TTLCache

from traffic import rounds

_responses = TTLCache(maxsize=100, ttl=60)


class OrderService:
    def __init__(self, user_id):
        self.user_id = user_id

    def get(self, path):
        if path not in _responses:
            _responses[path] = [f"order of {self.user_id}", 17]
        return _responses[path]


def main():
    services = [OrderService(user) for user in ("account-8841", "account-9952")]
    for _ in rounds():
        for service in services:
            service.get("/orders")


if __name__ == "__main__":
    main()
