"""A cached function returns one configuration, which nobody changes."""

# /// case
# row = 4
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "view"
# classes = ["DashboardView"]
# ///
from functools import lru_cache

from traffic import rounds


@lru_cache(maxsize=None)
def default_settings():
    return {"columns": ["name", "date"], "rows": 50}


class DashboardView:
    def __init__(self, user_id):
        self.user_id = user_id
        self.settings = default_settings()
        self.opened = 0

    def open(self):
        self.opened += 1
        return self.settings["columns"]


def main():
    views = [DashboardView(user) for user in ("analyst-0017", "analyst-0042")]
    for _ in rounds():
        for view in views:
            view.open()


if __name__ == "__main__":
    main()
