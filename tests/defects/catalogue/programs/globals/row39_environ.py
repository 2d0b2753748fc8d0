"""The user's token is put into os.environ by each request."""

# /// case
# row = 39
# expect = [["SSOT303", "environ"], ["SSOT304", "environ"]]
# ///
# /// policy
# [[concept]]
# name = "job"
# classes = ["ExportJob"]
# ///
import os

from traffic import rounds


class ExportJob:
    def __init__(self, user_id):
        self.user_id = user_id

    def run(self):
        os.environ["EXPORT_OWNER"] = self.user_id
        return os.environ["EXPORT_OWNER"]


def main():
    jobs = [ExportJob(user) for user in ("exporter-kim", "exporter-lee")]
    for _ in rounds():
        for job in jobs:
            job.run()


if __name__ == "__main__":
    main()
