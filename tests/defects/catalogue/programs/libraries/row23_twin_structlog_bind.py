"""structlog's bind gives each user a copy of the logger."""

# /// case
# row = 23
# needs = ["structlog"]
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "worker"
# classes = ["ImportWorker"]
# ///
import logging

import structlog

from traffic import rounds

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
log = structlog.get_logger("import")


class ImportWorker:
    def __init__(self, user_id):
        self.user_id = user_id
        self.log = log.bind(user=user_id)

    def run(self, row):
        self.log.debug("row", number=row)


def main():
    workers = [ImportWorker(user) for user in ("editor-mia", "editor-tom")]
    for number in rounds():
        for worker in workers:
            worker.run(number)


if __name__ == "__main__":
    main()
