"""A service instance in a module global is made at each login: the last one to log in is everybody."""

# /// case
# row = 13
# expect = [["SSOT301", "AccountService"], ["SSOT303", "instance"]]
# ///
# /// policy
# user = [{ contextvar = "app:request_user" }]
# [[concept]]
# name = "account"
# classes = ["AccountService"]
# ///
from contextvars import ContextVar

from traffic import rounds

request_user = ContextVar("request_user", default=None)
instance = None


class AccountService:
    def __init__(self, name):
        self.name = name

    def statement(self):
        return f"statement of {self.name}"


def login(user):
    global instance
    instance = AccountService(user)


def as_user(user, function, *arguments):
    token = request_user.set(user)
    try:
        return function(*arguments)
    finally:
        request_user.reset(token)


def main():
    for _ in rounds():
        as_user("depositor-ina", login, "depositor-ina")
        as_user("depositor-ulf", login, "depositor-ulf")
        as_user("depositor-ina", lambda: instance.statement())


if __name__ == "__main__":
    main()
