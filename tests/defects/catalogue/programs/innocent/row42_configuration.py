"""Users share configuration: a frozen dataclass, an enum, a tuple, a dictionary that nobody changes."""

# /// case
# row = 42
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "handler"
# classes = ["OrderHandler"]
# ///
import enum
import logging
from dataclasses import dataclass

from traffic import rounds


class Level(enum.Enum):
    FREE = 1
    PAID = 2


@dataclass(frozen=True)
class Settings:
    currency: str
    limits: tuple
    table: dict


class OrderHandler:
    def __init__(self, user_id, settings):
        self.user_id = user_id
        self.settings = settings
        self.level = Level.FREE
        self.log = logging.getLogger("orders")
        self.seen = 0

    def handle(self):
        self.seen += self.settings.table["step"]


def main():
    settings = Settings("EUR", (10, 20, ("nested", 30)), {"step": 1})
    handlers = [OrderHandler(user, settings) for user in ("buyer-100", "buyer-200")]
    for _ in rounds():
        for handler in handlers:
            handler.handle()


if __name__ == "__main__":
    main()
