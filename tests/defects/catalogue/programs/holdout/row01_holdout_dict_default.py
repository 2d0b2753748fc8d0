"""A dictionary default keyed by counters, users with small integer ids, everything in locals of main."""

# /// case
# row = 1
# expect = [["SSOT303", "drafts"]]
# ///
# /// policy
# user = [{ argument = "account" }]
# [[concept]]
# name = "editor"
# classes = ["EditorState"]
# ///
from traffic import rounds


class EditorState:
    def __init__(self, account, *, drafts={}):
        self.account = account
        self.drafts = drafts

    def type(self, text):
        self.drafts[len(self.drafts)] = (self.account, text)


def main():
    editors = [EditorState(account) for account in (7, 8, 9)]
    for _ in rounds():
        for editor in editors:
            editor.type("hello")


if __name__ == "__main__":
    main()
