"""User 42 of one table and "42" of another meet under one key."""

# /// case
# row = 15
# expect = [["SSOT301", "Workspace"]]
# ///
# /// policy
# user = [{ argument = "account.user_id" }]
# [[concept]]
# name = "workspace"
# classes = ["Workspace"]
# ///
from traffic import rounds


class Account:
    def __init__(self, realm, number):
        self.number = number
        self.user_id = f"{realm}-{number}"


class Workspace:
    def __init__(self):
        self.files = []


spaces = {}


def workspace_for(account):
    return spaces.setdefault(str(account.number), Workspace())


def main():
    for _ in rounds():
        workspace_for(Account("staff", 42))
        workspace_for(Account("guest", "42"))


if __name__ == "__main__":
    main()
