"""A job resets what it set."""

# /// case
# row = 24
# lengths = ["long", "short"]
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
    token = current_user.set(user_id)
    try:
        return ExportManager(user_id).user_id
    finally:
        current_user.reset(token)


def main():
    with ThreadPoolExecutor(max_workers=1) as pool:
        for _ in rounds():
            for user in ("exporter-kim", "exporter-lee"):
                pool.submit(export_for, user).result()


if __name__ == "__main__":
    main()
