"""A cart is made with a list default, which every user's cart then fills."""

# /// case
# row = 1
# expect = [["SSOT303", "items"]]
# ///
# /// policy
# [[concept]]
# name = "cart"
# classes = ["CartManager"]
# ///
from traffic import rounds


class CartManager:
    def __init__(self, user_id, items=[]):
        self.user_id = user_id
        self.items = items

    def add(self, product):
        self.items.append({"owner": self.user_id, "product": product})


carts = {}


def cart_of(user_id):
    if user_id not in carts:
        carts[user_id] = CartManager(user_id)
    return carts[user_id]


def main():
    for _ in rounds():
        for user in ("user-10421", "user-20977"):
            cart_of(user).add("book")


if __name__ == "__main__":
    main()
