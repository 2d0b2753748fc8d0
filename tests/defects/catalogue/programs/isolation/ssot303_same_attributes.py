"""One manager's attributes are given to another: two objects, one dictionary."""

# /// case
# code = "SSOT303"
# expect = [["SSOT303", "WebSocketManager"]]
# ///
# /// policy
# [[concept]]
# name = "manager"
# classes = ["WebSocketManager"]
# ///
managers = {}


class WebSocketManager:
    def __init__(self, user_id):
        self.owner = user_id
        self.connections = []


def main():
    first = managers["10.0.0.1"] = WebSocketManager("user-10421")
    second = managers["10.0.0.2"] = WebSocketManager("user-20977")
    second.__dict__ = first.__dict__
    second.connections.append("user-20977 from 10.0.0.2")
    first.connections.append("user-10421 from 10.0.0.1")


if __name__ == "__main__":
    main()
