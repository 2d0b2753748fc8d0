"""Two users' managers share a table of limits, which the policy lets them."""


# /// case
# code = "SSOT303"
# ///
# /// policy
# [[concept]]
# name = "manager"
# classes = ["WebSocketManager"]
# shared_ok = ["app:RateTable"]
# ///
class RateTable:
    def __init__(self):
        self.calls = {}

    def count(self, user):
        self.calls[user] = self.calls.get(user, 0) + 1
        self.calls["latest"] = user


class WebSocketManager:
    def __init__(self, user_id, limits):
        self.user_id = user_id
        self.limits = limits

    def connect(self):
        self.limits.count(self.user_id)


def main():
    limits = RateTable()
    first = WebSocketManager("user-10421", limits)
    second = WebSocketManager("user-20977", limits)
    first.connect()
    second.connect()


if __name__ == "__main__":
    main()
