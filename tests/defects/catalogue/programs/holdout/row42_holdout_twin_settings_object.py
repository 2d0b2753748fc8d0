"""A settings object that is filled at start, with a name in it that is also in a user's id."""

# /// case
# row = 42
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "handler"
# classes = ["OrderHandler"]
# ///
from types import SimpleNamespace

from traffic import rounds


class OrderHandler:
    def __init__(self, user_id, settings):
        self.user_id = user_id
        self.settings = settings
        self.done = []

    def handle(self, number):
        self.done.append((number, self.settings.regions["north"]))
        del self.done[:-5]


def main():
    settings = SimpleNamespace(regions={"north": 1, "south": 2}, admins=["root", "system"], contact="7")
    handlers = [OrderHandler(user, settings) for user in ("north", "south", "7")]
    for number in rounds():
        for handler in handlers:
            handler.handle(number)


if __name__ == "__main__":
    main()
