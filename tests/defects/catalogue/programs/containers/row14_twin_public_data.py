"""A cache of public data, filled at the first request: exchange rates."""

# /// case
# row = 14
# ///
# /// policy
# [[concept]]
# name = "orders"
# classes = ["RateService"]
# ///
from traffic import rounds


class RateService:
    def __init__(self, user_id, cache):
        self.user_id = user_id
        self.cache = cache

    def rate(self, currency):
        if currency not in self.cache:
            self.cache[currency] = len(currency) / 3
        return self.cache[currency]


def main():
    cache = {}
    services = [RateService(user, cache) for user in ("account-8841", "account-9952")]
    for _ in rounds():
        for service in services:
            service.rate("EUR")


if __name__ == "__main__":
    main()
