"""Holders with slots share one dictionary."""

# /// case
# row = 35
# expect = [["SSOT303", "values"]]
# ///
# /// policy
# [[concept]]
# name = "holder"
# classes = ["StateHolder"]
# ///
from traffic import rounds


class StateHolder:
    __slots__ = ("__weakref__", "user_id", "values")

    def __init__(self, user_id, values):
        self.user_id = user_id
        self.values = values


def main():
    values = {}
    holders = [StateHolder(user, values) for user in ("client-north", "client-south")]
    for number in rounds():
        for holder in holders:
            holder.values["latest"] = (holder.user_id, number)


if __name__ == "__main__":
    main()
