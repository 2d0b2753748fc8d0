"""Users share an httpx client of a server that sets no cookies; who asks stands in each request."""

# /// case
# row = 8
# needs = ["httpx"]
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "gateway"
# classes = ["BankGateway"]
# ///
import httpx

from traffic import rounds


class BankGateway:
    def __init__(self, user_id, client):
        self.user_id = user_id
        self.client = client

    def balance(self):
        headers = {"Authorization": f"Bearer token-of-{self.user_id}"}
        return self.client.get("https://bank.test/balance", headers=headers).status_code


def main():
    client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200)))
    gateways = [BankGateway(user, client) for user in ("holder-5005", "holder-6006")]
    for _ in rounds():
        for gateway in gateways:
            gateway.balance()


if __name__ == "__main__":
    main()
