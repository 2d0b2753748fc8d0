"""Holders with slots hold numbers and text."""

# /// case
# row = 35
# ///
# /// policy
# [[concept]]
# name = "holder"
# classes = ["StateHolder"]
# ///
from traffic import rounds


class StateHolder:
    __slots__ = ("__weakref__", "count", "region", "user_id")

    def __init__(self, user_id, region):
        self.user_id = user_id
        self.region = region
        self.count = 0


def main():
    region = "-".join(["eu", "west", "1"])
    holders = [StateHolder(user, region) for user in ("client-north", "client-south")]
    for _ in rounds():
        for holder in holders:
            holder.count += 1


if __name__ == "__main__":
    main()
