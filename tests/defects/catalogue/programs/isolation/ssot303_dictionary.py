"""Two users' managers are given one dictionary, and both write to it."""


# /// case
# code = "SSOT303"
# expect = [["SSOT303", "state"]]
# ///
# /// policy
# [[concept]]
# name = "manager"
# classes = ["WebSocketManager"]
# ///
class WebSocketManager:
    def __init__(self, user_id, state):
        self.user_id = user_id
        self.state = state

    def connect(self, connection):
        self.state["latest"] = f"{self.user_id}/{connection}"


def main():
    state = {}
    first = WebSocketManager("user-10421", state)
    second = WebSocketManager("user-20977", state)
    first.connect(1)
    second.connect(2)


if __name__ == "__main__":
    main()
