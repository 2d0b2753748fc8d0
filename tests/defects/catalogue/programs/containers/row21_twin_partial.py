"""A partial over numbers and text."""

# /// case
# row = 21
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "trace"
# classes = ["TraceManager"]
# ///
from functools import partial

from traffic import rounds


def shorten(width, mark, text):
    return text if len(text) <= width else text[:width] + mark


class TraceManager:
    def __init__(self, user_id, shorten):
        self.user_id = user_id
        self.shorten = shorten
        self.lines = []

    def trace(self, event):
        self.lines.append(self.shorten(f"{self.user_id} {event}"))


def main():
    shared = partial(shorten, 12, "...")
    managers = [TraceManager(user, shared) for user in ("device-ff01", "device-ff02")]
    for number in rounds():
        for manager in managers:
            manager.trace(number)


if __name__ == "__main__":
    main()
