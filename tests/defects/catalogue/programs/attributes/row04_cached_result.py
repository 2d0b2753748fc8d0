"""A cached function returns one dictionary, which every user's view changes."""

# /// case
# row = 4
# expect = [["SSOT303", "settings"]]
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
    return {"columns": ["name"], "opened": 0}


class DashboardView:
    def __init__(self, user_id):
        self.user_id = user_id
        self.settings = default_settings()

    def open(self):
        self.settings["opened"] += 1
        self.settings["columns"].append("added by " + self.user_id)


def main():
    views = [DashboardView(user) for user in ("analyst-0017", "analyst-0042")]
    for _ in rounds():
        for view in views:
            view.open()


if __name__ == "__main__":
    main()
