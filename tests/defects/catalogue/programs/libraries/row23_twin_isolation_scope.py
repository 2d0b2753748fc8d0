"""Each request sets its user on Sentry's isolation scope, inside of one of its own."""

# /// case
# row = 23
# needs = ["sentry_sdk"]
# ///
# /// policy
# [[concept]]
# name = "worker"
# classes = ["ImportWorker"]
# ///
import sentry_sdk

from traffic import rounds


class ImportWorker:
    def __init__(self, user_id):
        self.user_id = user_id
        self.runs = 0

    def run(self):
        with sentry_sdk.isolation_scope() as scope:
            scope.set_user({"id": self.user_id})
            self.runs += 1


def main():
    sentry_sdk.init()
    workers = [ImportWorker(user) for user in ("editor-mia", "editor-tom")]
    for _ in rounds():
        for worker in workers:
            worker.run()


if __name__ == "__main__":
    main()
