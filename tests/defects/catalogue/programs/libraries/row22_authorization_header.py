"""One user's Authorization stays in the headers of a session that all share."""

# /// case
# row = 22
# needs = ["requests"]
# expect = [["SSOT303", "http"]]
# ///
# /// policy
# [[concept]]
# name = "api"
# classes = ["ApiClient"]
# ///
import requests

from traffic import rounds


class ApiClient:
    def __init__(self, user_id, http):
        self.user_id = user_id
        self.http = http
        self.calls = 0

    def call(self):
        self.http.headers["Authorization"] = f"Bearer {self.user_id}:5e8f11"
        self.calls += 1


def main():
    http = requests.Session()
    clients = [ApiClient(user, http) for user in ("partner-xenon", "partner-argon")]
    for _ in rounds():
        for client in clients:
            client.call()


if __name__ == "__main__":
    main()
