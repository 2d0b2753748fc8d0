"""A session object of the service's own, with a header of one user, is used by all."""

# /// case
# row = 22
# expect = [["SSOT303", "headers"], ["SSOT303", "upstream"]]
# ///
# /// policy
# [[concept]]
# name = "api"
# classes = ["ApiClient"]
# ///
from traffic import rounds


class Upstream:
    def __init__(self):
        self.headers = {"Accept": "application/json"}


class ApiClient:
    def __init__(self, user_id, upstream):
        self.user_id = user_id
        self.upstream = upstream

    def sign_in(self):
        self.upstream.headers["Authorization"] = f"Bearer {self.user_id}"

    def call(self):
        return dict(self.upstream.headers)


def main():
    upstream = Upstream()
    clients = [ApiClient(user, upstream) for user in ("partner-xenon", "partner-argon")]
    clients[0].sign_in()
    for _ in rounds():
        for client in clients:
            client.call()


if __name__ == "__main__":
    main()
