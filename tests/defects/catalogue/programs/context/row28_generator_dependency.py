"""A generator that sets the user's ContextVar sets it in whoever runs it, and leaves it there."""

# /// case
# row = 28
# expect = [["SSOT304"]]
# ///
# /// policy
# user = [{ argument = "user_id" }, { contextvar = "app:current_user" }]
# [[concept]]
# name = "handler"
# classes = ["RequestHandler"]
# ///
from contextvars import ContextVar

from traffic import rounds

current_user = ContextVar("current_user", default=None)


class RequestHandler:
    def __init__(self, user_id):
        self.user_id = user_id

    def handle(self):
        return current_user.get()


def user_of(user_id):
    current_user.set(user_id)
    yield user_id


def request(user_id):
    handler = RequestHandler(user_id)
    for _ in user_of(user_id):
        handler.handle()


def main():
    for _ in rounds():
        for user in ("caller-0071", "caller-0072"):
            request(user)


if __name__ == "__main__":
    main()
