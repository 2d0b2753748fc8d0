"""Two users are busy at the same time, each in an instance; one of them twice."""

# /// case
# code = "SSOT306"
# ///
# /// policy
# user = [{ contextvar = "app:current_user" }]
# [[concept]]
# name = "billing"
# classes = ["BillingManager"]
# ///
import asyncio
from contextvars import ContextVar

current_user = ContextVar("current_user", default=None)


class BillingManager:
    def __init__(self):
        self.total = 0

    async def charge(self, amount):
        await asyncio.sleep(0.005)
        self.total += amount


managers = {"user-10421": BillingManager(), "user-20977": BillingManager()}


async def request(user):
    current_user.set(user)
    await managers[user].charge(10)


async def serve():
    await asyncio.gather(request("user-10421"), request("user-20977"), request("user-10421"))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
