"""Threads of different users enter the factory at the same time."""

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

from traffic import at_once


class SessionManager:
    def __init__(self, user_id):
        self.user_id = user_id


_managers = {}


def get_manager(user_id):
    if user_id not in _managers:
        time.sleep(0.02)
        _managers[user_id] = SessionManager(user_id)
    return _managers[user_id]


def main():
    at_once(get_manager, "user-10421", "user-20977", "user-31415")


if __name__ == "__main__":
    main()
