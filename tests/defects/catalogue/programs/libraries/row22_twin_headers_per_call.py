"""Users share a session; the header is given with each call."""

# /// case
# row = 22
# needs = ["requests"]
# lengths = ["long", "short"]
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

    def call(self):
        request = requests.Request(
            "GET", "https://api.test/", headers={"Authorization": f"Bearer {self.user_id}:5e8f11"}
        )
        return self.http.prepare_request(request).headers["Authorization"]


def main():
    http = requests.Session()
    clients = [ApiClient(user, http) for user in ("partner-xenon", "partner-argon")]
    for _ in rounds():
        for client in clients:
            client.call()


if __name__ == "__main__":
    main()
