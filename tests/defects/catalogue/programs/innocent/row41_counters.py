"""Users' handlers count in shared counters and a circuit breaker of the service's own."""

# /// case
# row = 41
# ///
# /// policy
# [[concept]]
# name = "handler"
# classes = ["OrderHandler"]
# ///
from collections import Counter

from traffic import rounds


class CircuitBreaker:
    def __init__(self):
        self.failures = 0
        self.calls = 0

    def call(self):
        self.calls += 1


class OrderHandler:
    def __init__(self, user_id, counts, breaker):
        self.user_id = user_id
        self.counts = counts
        self.breaker = breaker

    def handle(self):
        self.breaker.call()
        self.counts["orders"] += 1


def main():
    counts, breaker = Counter(), CircuitBreaker()
    handlers = [OrderHandler(user, counts, breaker) for user in ("buyer-100", "buyer-200")]
    for _ in rounds():
        for handler in handlers:
            handler.handle()


if __name__ == "__main__":
    main()
