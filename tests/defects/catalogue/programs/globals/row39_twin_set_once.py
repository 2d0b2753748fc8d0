"""The environment and the settings are set once, at start."""

# /// case
# row = 39
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "job"
# classes = ["ExportJob"]
# ///
import os

from traffic import rounds

os.environ["EXPORT_REGION"] = "eu-central"
DEFAULT_OWNER = "system"


class ExportJob:
    def __init__(self, user_id):
        self.user_id = user_id

    def run(self):
        return os.environ["EXPORT_REGION"], DEFAULT_OWNER


def main():
    jobs = [ExportJob(user) for user in ("exporter-kim", "exporter-lee")]
    for _ in rounds():
        for job in jobs:
            job.run()


if __name__ == "__main__":
    main()
