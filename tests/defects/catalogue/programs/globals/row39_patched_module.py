"""A setting of a module is patched for each user."""

# /// case
# row = 39
# expect = [["SSOT303", "DEFAULT_OWNER"], ["SSOT304", "DEFAULT_OWNER"]]
# ///
# /// policy
# [[concept]]
# name = "job"
# classes = ["ExportJob"]
# ///
import types

from traffic import rounds

DEFAULT_OWNER = ""


class ExportJob:
    def __init__(self, user_id):
        self.user_id = user_id

    def run(self):
        globals()["DEFAULT_OWNER"] = self.user_id
        return types.SimpleNamespace(owner=DEFAULT_OWNER)


def main():
    jobs = [ExportJob(user) for user in ("exporter-kim", "exporter-lee")]
    for _ in rounds():
        for job in jobs:
            job.run()


if __name__ == "__main__":
    main()
