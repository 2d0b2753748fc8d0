"""A background thread is given one request's environment and writes it for the next, as GitHub's did in 2021."""

# /// case
# row = 29
# expect = [["SSOT303", "environment"], ["SSOT303", "env"], ["SSOT304", "env"]]
# ///
# /// policy
# [[concept]]
# name = "request"
# classes = ["WebRequest"]
# ///
import queue
import threading

from traffic import rounds


class WebRequest:
    def __init__(self, user_id, environment):
        self.user_id = user_id
        self.environment = environment
        self.environment["session"] = f"session of {user_id}"


class Worker:
    def __init__(self):
        self.jobs = queue.Queue()
        self.environment = {"session": None, "path": "/"}
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while (environment := self.jobs.get()) is not None:
            environment["path"] = "/exceptions"

    def handle(self, user):
        request = WebRequest(user, self.environment)
        self.jobs.put(request.environment)
        return request


def main():
    worker = Worker()
    worker.thread.start()
    kept = {}
    for _ in rounds():
        for user in ("developer-ada", "developer-lin"):
            kept[user] = worker.handle(user)
    worker.jobs.put(None)
    worker.thread.join()


if __name__ == "__main__":
    main()
