"""A cache keeps the last thirty managers."""

# /// case
# code = "SSOT206"
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "connection"
# classes = ["UserConnection"]
# ///
from collections import OrderedDict

from traffic import rounds


class UserConnection:
    def __init__(self, user_id):
        self.user_id = user_id


recent = OrderedDict()


def serve(user_id):
    recent[user_id] = UserConnection(user_id)
    if len(recent) > 30:
        recent.popitem(last=False)


def main():
    for number in rounds():
        for place in range(25):
            serve(f"user-{number * 25 + place:05}")


if __name__ == "__main__":
    main()
