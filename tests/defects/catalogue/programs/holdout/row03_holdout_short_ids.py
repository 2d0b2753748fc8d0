"""Users called bob and amy share a list through a shallow copy."""

# /// case
# row = 3
# expect = [["SSOT303", "Shopper.state"], ["SSOT303", "BLANK"]]
# ///
# /// policy
# [[concept]]
# name = "basket"
# classes = ["Shopper"]
# ///
import copy

from traffic import rounds

BLANK = {"basket": [], "step": 0}


class Shopper:
    def __init__(self, user):
        self.user = user
        self.state = copy.copy(BLANK)

    def put(self, article):
        self.state["basket"].append((self.user, article))


def main():
    shoppers = [Shopper(user) for user in ("bob", "amy")]
    for number in rounds():
        for shopper in shoppers:
            shopper.put(number)


if __name__ == "__main__":
    main()
