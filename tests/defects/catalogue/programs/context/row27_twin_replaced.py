"""Each task sets a value of its own; the default is a read-only mapping."""

# /// case
# row = 27
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "handler"
# classes = ["SocketHandler"]
# ///
import asyncio
from contextvars import ContextVar
from types import MappingProxyType

from traffic import arounds

request_data = ContextVar("request_data", default=MappingProxyType({"user": "nobody"}))


class SocketHandler:
    def __init__(self, user_id):
        self.user_id = user_id

    async def handle(self):
        request_data.set({**request_data.get(), "user": self.user_id})
        await asyncio.sleep(0.001)
        return request_data.get()["user"]


async def serve():
    handlers = [SocketHandler(user) for user in ("socket-user-17", "socket-user-18")]
    async for _ in arounds():
        await asyncio.gather(*(handler.handle() for handler in handlers))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
