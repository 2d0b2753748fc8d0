"""The cache key lacks the user: the second one gets the first one's orders."""

# /// case
# row = 14
# expect = [["SSOT303", "cache"]]
# ///
# /// policy
# [[concept]]
# name = "orders"
# classes = ["OrderService"]
# ///
from traffic import rounds


class OrderService:
    def __init__(self, user_id, cache):
        self.user_id = user_id
        self.cache = cache

    def get(self, path):
        key = f"GET {path}"
        if key not in self.cache:
            self.cache[key] = {"owner": self.user_id, "orders": [17, 23]}
        return self.cache[key]


def main():
    cache = {}
    services = [OrderService(user, cache) for user in ("account-8841", "account-9952")]
    for _ in rounds():
        for service in services:
            service.get("/orders")


if __name__ == "__main__":
    main()
