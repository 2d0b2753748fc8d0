"""The allowed factory is a cached function with a decorator, called by everybody."""

# /// case
# code = "SSOT203"
# ///
# /// policy
# [[concept]]
# name = "socket"
# classes = ["SocketManager"]
# factories = ["app:get_manager"]
# ///
from functools import lru_cache, wraps


class SocketManager:
    def __init__(self, user_id):
        self.user_id = user_id


def counted(function):
    @wraps(function)
    def inner(*arguments):
        inner.calls += 1
        return function(*arguments)

    inner.calls = 0
    return inner


@counted
@lru_cache(maxsize=100)
def get_manager(user_id):
    return SocketManager(user_id)


def handle(user_id):
    return get_manager(user_id).user_id


def main():
    for user in ("user-10421", "user-20977", "user-10421"):
        handle(user)


if __name__ == "__main__":
    main()
