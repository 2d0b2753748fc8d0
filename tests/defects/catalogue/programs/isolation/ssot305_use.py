"""An instance is used for users of labels that may not meet, one of them in another thread."""

# /// case
# code = "SSOT305"
# expect = [["SSOT305", "RecordManager", "government", "enterprise"]]
# also = ["SSOT301"]
# ///
# /// policy
# user = [{ contextvar = "app:current_user" }]
# [[concept]]
# name = "records"
# classes = ["RecordManager"]
# [boundary]
# label = "app:label_of"
# apart = [["government", "enterprise"]]
# ///
import threading
from contextvars import ContextVar

current_user = ContextVar("current_user", default=None)


def label_of(user_id):
    return "government" if user_id.endswith(".gov") else "enterprise"


class RecordManager:
    def __init__(self):
        self.read = 0

    def lookup(self):
        self.read += 1


def job(manager, user):
    current_user.set(user)
    manager.lookup()


def main():
    manager = RecordManager()
    for user in ("clerk@agency.gov", "dave@company.example"):
        thread = threading.Thread(target=job, args=(manager, user))
        thread.start()
        thread.join()


if __name__ == "__main__":
    main()
