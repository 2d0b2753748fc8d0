"""Connections that are over are appended to a list for ever."""

# /// case
# code = "SSOT206"
# expect = [["SSOT206", "Connection"]]
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


closed = []


def serve(user_id):
    connection = UserConnection(user_id)
    closed.append(connection)


def main():
    for number in rounds():
        for place in range(25):
            serve(f"user-{number * 25 + place:05}")


if __name__ == "__main__":
    main()
