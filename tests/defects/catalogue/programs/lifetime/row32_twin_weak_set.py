"""A bus with weak references: who has left is gone."""

# /// case
# row = 32
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "socket"
# classes = ["SocketManager"]
# ///
import asyncio
from weakref import WeakMethod, WeakSet

from traffic import arounds

everybody = WeakSet()
listeners = []


class SocketManager:
    def __init__(self, user_id):
        self.user_id = user_id
        everybody.add(self)
        listeners.append(WeakMethod(self.receive, listeners.remove))

    def receive(self, news):
        return news


async def connection(user_id):
    manager = SocketManager(user_id)
    await asyncio.sleep(0.001)
    manager.receive("hello")


async def serve():
    async for number in arounds():
        await asyncio.gather(*(connection(f"visitor-{number:04}-{place}") for place in range(10)))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
