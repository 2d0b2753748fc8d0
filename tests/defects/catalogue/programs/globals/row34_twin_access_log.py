"""Of every request a line of text is kept, without its user."""

# /// case
# row = 34
# needs = ["starlette"]
# ///
# /// policy
# user = [{ argument = "user_id" }]
# [[concept]]
# name = "handler"
# classes = ["RequestHandler"]
# ///
from collections import deque

from starlette.requests import Request

from traffic import rounds

access_log = deque(maxlen=50)


class RequestHandler:
    def __init__(self, user_id, request):
        self.user_id = user_id
        self.path = request.url.path

    def handle(self):
        return self.path


def main():
    for number in rounds():
        for user in ("browser-1001", "browser-1002"):
            scope = {"type": "http", "method": "GET", "path": f"/{number}", "query_string": b""}
            request = Request(
                {**scope, "headers": [(b"cookie", f"uid={user}".encode())], "server": ("a", 80)}
            )
            access_log.append(f"GET {request.url.path}")
            RequestHandler(user, request).handle()


if __name__ == "__main__":
    main()
