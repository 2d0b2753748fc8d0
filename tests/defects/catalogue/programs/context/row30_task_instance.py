"""A task's one instance keeps the user of the run before."""

# /// case
# row = 30
# needs = ["celery"]
# expect = [["SSOT304", "user"], ["SSOT303", "user"], ["SSOT303", "ReportTask"], ["SSOT304", "ReportTask"]]
# ///
# /// policy
# [[concept]]
# name = "report"
# classes = ["ReportBuilder"]
# ///
from celery import Celery, Task

from traffic import rounds

celery = Celery("reports", broker="memory://", backend="cache+memory://")
celery.conf.task_always_eager = True


class ReportBuilder:
    def __init__(self, user_id):
        self.user_id = user_id
        self.rows = []


class ReportTask(Task):
    user = None

    def prepare(self, user_id):
        if user_id:
            self.user = user_id
        return ReportBuilder(user_id)


@celery.task(bind=True, base=ReportTask, name="reports.build")
def build(self, user_id):
    self.prepare(user_id)
    return self.user


def main():
    for _ in rounds():
        for user in ("subscriber-100", "subscriber-200"):
            build.delay(user).get()


if __name__ == "__main__":
    main()
