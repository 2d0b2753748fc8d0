"""Callbacks of users who left keep their managers in a closure."""

# /// case
# code = "SSOT206"
# expect = [["SSOT206", "UserManager"]]
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "manager"
# classes = ["UserManager"]
# factories = ["app:open_manager"]
# ///
from traffic import rounds


class UserManager:
    def __init__(self, user_id):
        self.user_id = user_id

    def notify(self, news):
        return news


callbacks = []


def open_manager(user_id):
    manager = UserManager(user_id)
    callbacks.append(lambda news: manager.notify(news))
    return manager


def main():
    for number in rounds():
        for place in range(25):
            open_manager(f"user-{number * 25 + place:05}").notify("hello")


if __name__ == "__main__":
    main()
