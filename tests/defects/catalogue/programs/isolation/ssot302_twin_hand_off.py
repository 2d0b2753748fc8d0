"""A request makes a manager and hands one call of it to a thread, for which it waits."""

# /// case
# code = "SSOT302"
# ///
# /// policy
# user = [{ contextvar = "app:current_user" }]
# [[concept]]
# name = "trade"
# classes = ["TradeManager"]
# isolation = "user+thread"
# ///
import asyncio
from contextvars import ContextVar

current_user = ContextVar("current_user", default=None)


class TradeManager:
    def __init__(self):
        self.orders = 0

    def order(self):
        self.orders += 1


async def request(user):
    current_user.set(user)
    manager = TradeManager()
    manager.order()
    await asyncio.to_thread(manager.order)
    return manager.orders


async def serve():
    return await asyncio.gather(request("user-10421"), request("user-20977"))


def main():
    assert asyncio.run(serve()) == [2, 2]


if __name__ == "__main__":
    main()
