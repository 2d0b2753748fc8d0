"""Two users' managers share a logger, a lock, an executor, a class, a module and a function."""

# /// case
# code = "SSOT303"
# ///
# /// policy
# [[concept]]
# name = "manager"
# classes = ["WebSocketManager"]
# ///
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor


def encode(value):
    return json.dumps(value)


class WebSocketManager:
    def __init__(self, user_id, lock, executor):
        self.user_id = user_id
        self.lock = lock
        self.executor = executor
        self.log = logging.getLogger("sockets")
        self.kind = dict
        self.codec = json
        self.encode = encode
        self.sent = []

    def connect(self):
        with self.lock:
            self.sent.append(self.executor.submit(self.encode, self.user_id).result())


def main():
    lock, executor = threading.Lock(), ThreadPoolExecutor(max_workers=1)
    managers = [WebSocketManager(user, lock, executor) for user in ("user-10421", "user-20977")]
    for manager in managers:
        manager.connect()
    executor.shutdown()


if __name__ == "__main__":
    main()
