"""After a user's job a clean-up job runs in the same thread and works as that user."""

# /// case
# row = 24
# expect = [["SSOT304"]]
# ///
# /// policy
# user = [{ contextvar = "app:current_user" }]
# [[concept]]
# name = "export"
# classes = ["ExportManager"]
# ///
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

from traffic import rounds

current_user = ContextVar("current_user", default=None)


class ExportManager:
    def __init__(self):
        self.files = []


def export_for(user):
    current_user.set(user)
    return ExportManager().files


def clean_up():
    return ExportManager().files


def main():
    with ThreadPoolExecutor(max_workers=1) as pool:
        for _ in rounds():
            for user in ("exporter-kim", "exporter-lee"):
                pool.submit(export_for, user).result()
                pool.submit(clean_up).result()


if __name__ == "__main__":
    main()
