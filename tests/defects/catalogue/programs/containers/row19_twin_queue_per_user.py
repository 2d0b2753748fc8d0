"""Every user's manager has a queue."""

# /// case
# row = 19
# ///
# /// policy
# [[concept]]
# name = "stream"
# classes = ["StreamManager"]
# ///
import asyncio

from traffic import arounds


class StreamManager:
    def __init__(self, user_id):
        self.user_id = user_id
        self.queue = asyncio.Queue()

    async def send(self, number):
        await self.queue.put({"to": self.user_id, "number": number})

    async def receive(self):
        return await self.queue.get()


async def serve():
    managers = [StreamManager(user) for user in ("listener-11", "listener-22")]
    for manager in managers:
        await manager.send(0)
    async for number in arounds():
        for manager in managers:
            await manager.send(number)
            await manager.receive()


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
