"""A partial with a dictionary that every manager's call writes to."""

# /// case
# row = 21
# expect = [["SSOT303", "store"]]
# ///
# /// policy
# [[concept]]
# name = "trace"
# classes = ["TraceManager"]
# ///
from functools import partial

from traffic import rounds


def write(table, user, event):
    table["last"] = f"{user}: {event}"


class TraceManager:
    def __init__(self, user_id, store):
        self.user_id = user_id
        self.store = store

    def trace(self, event):
        self.store(self.user_id, event)


def main():
    store = partial(write, {})
    managers = [TraceManager(user, store) for user in ("device-ff01", "device-ff02")]
    for number in rounds():
        for manager in managers:
            manager.trace(number)


if __name__ == "__main__":
    main()
