"""Users share a requests.Session; the cookies of all are in its jar."""

# /// case
# row = 8
# needs = ["requests"]
# expect = [["SSOT303", "http"]]
# lengths = ["long"]
# ///
# /// policy
# [[concept]]
# name = "crawler"
# classes = ["PortalClient"]
# ///
import requests
from requests.adapters import BaseAdapter
from requests.models import Response

from traffic import rounds


class Portal(BaseAdapter):
    def send(self, request, **options):
        response = Response()
        response.status_code, response.url, response.request = 200, request.url, request
        return response

    def close(self):
        pass


class PortalClient:
    def __init__(self, user_id, http):
        self.user_id = user_id
        self.http = http

    def login(self):
        self.http.get("https://portal.test/")
        self.http.cookies.set("portal_user", self.user_id, domain="portal.test")


def main():
    http = requests.Session()
    http.mount("https://", Portal())
    clients = [PortalClient(user, http) for user in ("pupil-0815", "pupil-4711")]
    for _ in rounds():
        for client in clients:
            client.login()


if __name__ == "__main__":
    main()
