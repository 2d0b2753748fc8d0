"""Every manager is given the same list's append for a sink."""

# /// case
# row = 21
# expect = [["SSOT303", "sink"]]
# ///
# /// policy
# [[concept]]
# name = "trace"
# classes = ["TraceManager"]
# ///
from traffic import rounds


class TraceManager:
    def __init__(self, user_id, sink):
        self.user_id = user_id
        self.sink = sink

    def trace(self, event):
        self.sink((self.user_id, event))


def main():
    lines = []
    managers = [TraceManager(user, lines.append) for user in ("device-ff01", "device-ff02")]
    for number in rounds():
        for manager in managers:
            manager.trace(number)


if __name__ == "__main__":
    main()
