"""Users' handlers count in a counter of OpenTelemetry."""

# /// case
# row = 41
# ///
# /// policy
# [[concept]]
# name = "handler"
# classes = ["OrderHandler"]
# ///
from opentelemetry.sdk.metrics import MeterProvider

from traffic import rounds


class OrderHandler:
    def __init__(self, user_id, orders):
        self.user_id = user_id
        self.orders = orders

    def handle(self):
        self.orders.add(1)


def main():
    orders = MeterProvider(shutdown_on_exit=False).get_meter("shop").create_counter("orders")
    handlers = [OrderHandler(user, orders) for user in ("buyer-100", "buyer-200")]
    for _ in rounds():
        for handler in handlers:
            handler.handle()


if __name__ == "__main__":
    main()
