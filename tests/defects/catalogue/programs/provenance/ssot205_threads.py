"""Threads look for one user's manager at the same time, and each makes one."""

# /// case
# code = "SSOT205"
# expect = [["SSOT205", "get_manager"], ["SSOT205", "SessionManager"]]
# ///
# /// policy
# [[concept]]
# name = "session"
# classes = ["SessionManager"]
# factories = ["app:get_manager"]
# ///
import threading

from traffic import at_once


class SessionManager:
    def __init__(self, user_id):
        self.user_id = user_id


_managers = {}
_connecting = threading.Barrier(3, timeout=20)


def get_manager(user_id):
    if user_id not in _managers:
        _connecting.wait()
        _managers[user_id] = SessionManager(user_id)
    return _managers[user_id]


def main():
    at_once(get_manager, *["user-10421"] * 3)


if __name__ == "__main__":
    main()
