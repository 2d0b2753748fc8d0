"""Users share an httpx client, whose jar keeps the cookies of whoever logged in."""

# /// case
# row = 8
# needs = ["httpx"]
# expect = [["SSOT303", "client"]]
# ///
# /// policy
# [[concept]]
# name = "gateway"
# classes = ["BankGateway"]
# ///
import httpx

from traffic import rounds


def bank(request):
    user = request.url.params.get("user")
    return httpx.Response(200, headers={"Set-Cookie": f"sid=session-of-{user}; Path=/"})


class BankGateway:
    def __init__(self, user_id, client):
        self.user_id = user_id
        self.client = client

    def login(self):
        return self.client.get("https://bank.test/login", params={"user": self.user_id}).status_code


def main():
    client = httpx.Client(transport=httpx.MockTransport(bank))
    gateways = [BankGateway(user, client) for user in ("holder-5005", "holder-6006")]
    for _ in rounds():
        for gateway in gateways:
            gateway.login()


if __name__ == "__main__":
    main()
