"""A manager is released, and later another is made for the same user."""

# /// case
# code = "SSOT205"
# ///
# /// policy
# [[concept]]
# name = "session"
# classes = ["SessionManager"]
# factories = ["app:get_manager"]
# ///
import time

from traffic import in_one_thread


class SessionManager:
    def __init__(self, user_id):
        self.user_id = user_id


_managers = {}


def get_manager(user_id):
    if user_id not in _managers:
        time.sleep(0.01)
        _managers[user_id] = SessionManager(user_id)
    return _managers[user_id]


def main():
    kept = []
    for _ in range(3):
        in_one_thread(lambda: kept.append(get_manager("user-10421")))
        del _managers["user-10421"]
    assert len(kept) == 3


if __name__ == "__main__":
    main()
