"""Two users use one instance, one after the other."""

# /// case
# code = "SSOT306"
# also = ["SSOT301"]
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
        before = self.total
        await asyncio.sleep(0.005)
        self.total = before + amount


async def request(manager, user):
    current_user.set(user)
    await manager.charge(10)


async def serve():
    manager = BillingManager()
    await request(manager, "user-10421")
    await request(manager, "user-20977")


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
