"""A cached function returns one dictionary of numbers, which users change; nothing in it says whose it is."""

# /// case
# row = 4
# expect = [["SSOT303", "settings"]]
# lengths = ["long"]
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
    return {"width": 80, "zoom": 100}


class DashboardView:
    def __init__(self, user_id):
        self.user_id = user_id
        self.settings = default_settings()

    def zoom(self, by):
        self.settings["zoom"] += by


def main():
    views = [DashboardView(user) for user in ("analyst-0017", "analyst-0042")]
    for _ in rounds():
        for view in views:
            view.zoom(5)


if __name__ == "__main__":
    main()
