"""A synchronous worker serves one request at a time, and clears its thread-local after each."""

# /// case
# row = 26
# ///
# /// policy
# [[concept]]
# name = "handler"
# classes = ["SocketHandler"]
# ///
import threading

from traffic import rounds

_request = threading.local()


class SocketHandler:
    def __init__(self, user_id):
        self.user_id = user_id

    def handle(self):
        _request.user = self.user_id
        try:
            return _request.user
        finally:
            _request.__dict__.clear()


def main():
    handlers = [SocketHandler(user) for user in ("socket-user-17", "socket-user-18")]
    for _ in rounds():
        for handler in handlers:
            handler.handle()


if __name__ == "__main__":
    main()
