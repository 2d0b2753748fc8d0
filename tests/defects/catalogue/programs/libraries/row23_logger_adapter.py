"""One LoggerAdapter for all has the user of whoever came last in its extra."""

# /// case
# row = 23
# expect = [["SSOT303", "log"]]
# ///
# /// policy
# [[concept]]
# name = "worker"
# classes = ["ImportWorker"]
# ///
import logging

from traffic import rounds


class ImportWorker:
    def __init__(self, user_id, log):
        self.user_id = user_id
        self.log = log

    def run(self, row):
        self.log.extra["user"] = self.user_id
        self.log.debug("row %s", row)


def main():
    log = logging.LoggerAdapter(logging.getLogger("import"), {"user": None})
    workers = [ImportWorker(user, log) for user in ("editor-mia", "editor-tom")]
    for number in rounds():
        for worker in workers:
            worker.run(number)


if __name__ == "__main__":
    main()
