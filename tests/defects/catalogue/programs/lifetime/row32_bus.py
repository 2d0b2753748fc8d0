"""A bus keeps the bound methods of managers whose users have left."""

# /// case
# row = 32
# expect = [["SSOT206", "SocketManager"]]
# ///
# /// policy
# [[concept]]
# name = "socket"
# classes = ["SocketManager"]
# ///
import asyncio

from traffic import arounds


class Bus:
    def __init__(self):
        self.listeners = []


bus = Bus()


class SocketManager:
    def __init__(self, user_id):
        self.user_id = user_id
        bus.listeners.append(self.receive)

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
