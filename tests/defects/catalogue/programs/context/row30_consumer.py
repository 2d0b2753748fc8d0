"""A consumer, made once for the worker, keeps self.user between messages."""

# /// case
# row = 30
# expect = [["SSOT304", "consumer"], ["SSOT303", "consumer"], ["SSOT303", "Consumer"], ["SSOT304", "Consumer"]]
# ///
# /// policy
# [[concept]]
# name = "report"
# classes = ["ReportBuilder"]
# ///
import queue

from traffic import rounds


class ReportBuilder:
    def __init__(self, user_id):
        self.user_id = user_id
        self.rows = []


class Consumer:
    def __init__(self):
        self.messages = queue.Queue()
        self.user = None
        self.builder = None

    def run_once(self):
        message = self.messages.get_nowait()
        self.user = message["user"]
        self.builder = ReportBuilder(self.user)


consumer = Consumer()


def main():
    for _ in rounds():
        for user in ("subscriber-100", "subscriber-200"):
            consumer.messages.put({"user": user})
            consumer.run_once()


if __name__ == "__main__":
    main()
