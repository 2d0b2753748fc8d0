"""A pure function remembers its results in a default; no user is in them."""

# /// case
# row = 1
# ///
# /// policy
# [[concept]]
# name = "cart"
# classes = ["CartManager"]
# ///
from traffic import rounds


def with_tax(price, _memo={}):
    if price not in _memo:
        _memo[price] = round(price * 1.19, 2)
    return _memo[price]


class CartManager:
    def __init__(self, user_id):
        self.user_id = user_id
        self.total = 0

    def add(self, price):
        self.total += with_tax(price)


carts = {}


def main():
    for number in rounds():
        for user in ("user-10421", "user-20977"):
            carts.setdefault(user, CartManager(user)).add(number % 7)


if __name__ == "__main__":
    main()
