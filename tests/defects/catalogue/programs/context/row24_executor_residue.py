"""A job in a pool's thread sets the user's ContextVar and leaves it there for the next job."""

# /// case
# row = 24
# expect = [["SSOT304"]]
# ///
# /// policy
# user = [{ argument = "user_id" }, { contextvar = "app:current_user" }]
# [[concept]]
# name = "export"
# classes = ["ExportManager"]
# ///
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

from traffic import rounds

current_user = ContextVar("current_user", default=None)


class ExportManager:
    def __init__(self, user_id):
        self.user_id = user_id


def export_for(user_id):
    manager = ExportManager(user_id)  # while the last job's user is still set
    current_user.set(user_id)
    return manager.user_id, current_user.get()


def main():
    with ThreadPoolExecutor(max_workers=1) as pool:
        for _ in rounds():
            for user in ("exporter-kim", "exporter-lee"):
                pool.submit(export_for, user).result()


if __name__ == "__main__":
    main()
