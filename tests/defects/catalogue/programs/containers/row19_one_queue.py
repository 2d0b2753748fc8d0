"""Two users' managers put and take from one asyncio.Queue."""

# /// case
# row = 19
# expect = [["SSOT303", "queue"]]
# ///
# /// policy
# [[concept]]
# name = "stream"
# classes = ["StreamManager"]
# ///
import asyncio

from traffic import arounds


class StreamManager:
    def __init__(self, user_id, queue):
        self.user_id = user_id
        self.queue = queue

    async def send(self, number):
        await self.queue.put({"to": self.user_id, "number": number})

    async def receive(self):
        return await self.queue.get()


async def serve():
    queue = asyncio.Queue()
    managers = [StreamManager(user, queue) for user in ("listener-11", "listener-22")]
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
