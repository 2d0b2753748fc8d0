"""The user is set on Sentry's global scope by each request, and stays for the next one."""

# /// case
# row = 23
# needs = ["sentry_sdk"]
# expect = [["SSOT303", "sentry"], ["SSOT304", "sentry"], ["SSOT303", "scope"], ["SSOT304", "scope"]]
# ///
# /// policy
# [[concept]]
# name = "worker"
# classes = ["ImportWorker"]
# ///
import sentry_sdk

from traffic import rounds


class ImportWorker:
    def __init__(self, user_id, scope):
        self.user_id = user_id
        self.scope = scope

    def run(self):
        self.scope.set_user({"id": self.user_id})


def main():
    sentry_sdk.init()
    workers = [ImportWorker(user, sentry_sdk.get_global_scope()) for user in ("editor-mia", "editor-tom")]
    for _ in rounds():
        for worker in workers:
            worker.run()


if __name__ == "__main__":
    main()
