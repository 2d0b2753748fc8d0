"""One user is inside of one method while another calls a second one of the same instance."""

# /// case
# code = "SSOT306"
# expect = [["SSOT306", "BillingManager"]]
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
        self.open = []

    async def charge(self, amount):
        self.open.append(amount)
        await asyncio.sleep(0.01)
        self.open.remove(amount)

    def balance(self):
        return sum(self.open)


async def charge(manager):
    current_user.set("user-10421")
    await manager.charge(10)


async def look(manager):
    current_user.set("user-20977")
    await asyncio.sleep(0.002)
    assert manager.balance() == 10


async def serve():
    manager = BillingManager()
    await asyncio.gather(charge(manager), look(manager))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
