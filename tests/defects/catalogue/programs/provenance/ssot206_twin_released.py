"""Every connection is taken out of the registry when it is over."""

# /// case
# code = "SSOT206"
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "connection"
# classes = ["UserConnection"]
# ///
from traffic import rounds


class UserConnection:
    def __init__(self, user_id):
        self.user_id = user_id


active = {}


def serve(user_id):
    active[user_id] = UserConnection(user_id)
    try:
        return active[user_id].user_id
    finally:
        del active[user_id]


def main():
    for number in rounds():
        for place in range(25):
            serve(f"user-{number * 25 + place:05}")


if __name__ == "__main__":
    main()
