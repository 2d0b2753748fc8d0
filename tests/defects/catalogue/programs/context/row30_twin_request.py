"""A task takes everything about a run from self.request and its arguments; its attributes are configuration."""

# /// case
# row = 30
# needs = ["celery"]
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
    attempts = 3
    columns = ("name", "date")


@celery.task(bind=True, base=ReportTask, name="reports.build")
def build(self, user_id):
    return ReportBuilder(user_id).user_id, self.request.id, self.columns


def main():
    for _ in rounds():
        for user in ("subscriber-100", "subscriber-200"):
            build.delay(user).get()


if __name__ == "__main__":
    main()
