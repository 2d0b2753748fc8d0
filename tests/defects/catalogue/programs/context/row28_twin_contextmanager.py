"""A context manager sets the user's ContextVar and resets it."""

# /// case
# row = 28
# ///
# /// policy
# user = [{ argument = "user_id" }, { contextvar = "app:current_user" }]
# [[concept]]
# name = "handler"
# classes = ["RequestHandler"]
# ///
from contextlib import contextmanager
from contextvars import ContextVar

from traffic import rounds

current_user = ContextVar("current_user", default=None)


class RequestHandler:
    def __init__(self, user_id):
        self.user_id = user_id

    def handle(self):
        return current_user.get()


@contextmanager
def user_of(user_id):
    token = current_user.set(user_id)
    try:
        yield user_id
    finally:
        current_user.reset(token)


def request(user_id):
    handler = RequestHandler(user_id)
    with user_of(user_id):
        handler.handle()


def main():
    for _ in rounds():
        for user in ("caller-0071", "caller-0072"):
            request(user)


if __name__ == "__main__":
    main()
