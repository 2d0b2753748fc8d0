"""copy.copy of a preset object: the nested settings are one for all."""

# /// case
# row = 3
# expect = [["SSOT303", "history"]]
# ///
# /// policy
# [[concept]]
# name = "session"
# classes = ["ShopSession"]
# ///
import copy

from traffic import rounds


class Preset:
    def __init__(self):
        self.history = []
        self.theme = "dark"


PRESET = Preset()


class ShopSession:
    def __init__(self, user_id):
        self.user_id = user_id
        self.preset = copy.copy(PRESET)

    def visit(self, page):
        self.preset.history.append(f"{self.user_id} {page}")


def main():
    sessions = [ShopSession(user) for user in ("customer-1001", "customer-2002", "customer-3003")]
    for number in rounds():
        for session in sessions:
            session.visit(f"/page/{number}")


if __name__ == "__main__":
    main()
