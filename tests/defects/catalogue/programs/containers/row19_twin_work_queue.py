"""A task of the system owns a broadcast: one queue per subscriber, filled with public news."""

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
        self.seen = 0

    def receive(self, news):
        self.seen += len(news)


async def broadcast(queue, managers):
    while True:
        news = await queue.get()
        for manager in managers:
            manager.receive(news)


async def serve():
    queue = asyncio.Queue(maxsize=8)
    managers = [StreamManager(user) for user in ("listener-11", "listener-22")]
    worker = asyncio.create_task(broadcast(queue, managers))
    async for number in arounds():
        await queue.put(f"news {number}")
    worker.cancel()


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
