"""Data classes with slots share a nested one, which knows its first owner only."""

# /// case
# row = 35
# expect = [["SSOT303", "wallet"]]
# lengths = ["long", "short"]
# ///
# /// policy
# user = [{ argument = "customer_id" }]
# [[concept]]
# name = "checkout"
# classes = ["Checkout"]
# ///
from traffic import rounds


class Wallet:
    __slots__ = ("cards", "holder")

    def __init__(self, holder):
        self.holder = holder
        self.cards = [f"card of {holder}"]


class Checkout:
    __slots__ = ("__weakref__", "customer_id", "total", "wallet")

    def __init__(self, customer_id, wallet):
        self.customer_id = customer_id
        self.wallet = wallet
        self.total = 0

    def pay(self, amount):
        self.total += amount
        return self.wallet.cards[0]


def main():
    wallet = Wallet("customer-blue")
    checkouts = [Checkout("customer-blue", wallet), Checkout("customer-gold", wallet)]
    for number in rounds():
        for checkout in checkouts:
            checkout.pay(number)


if __name__ == "__main__":
    main()
