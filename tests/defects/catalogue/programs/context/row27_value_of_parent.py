"""A dictionary set before the tasks start is in every task's context, and each writes its user into it."""

# /// case
# row = 27
# expect = [["SSOT303", "request_data"], ["SSOT304", "request_data"], ["SSOT303", "data"]]
# ///
# /// policy
# [[concept]]
# name = "handler"
# classes = ["SocketHandler"]
# ///
import asyncio
from contextvars import ContextVar

from traffic import arounds

request_data = ContextVar("request_data")


class SocketHandler:
    def __init__(self, user_id):
        self.user_id = user_id
        self.data = None

    async def handle(self):
        self.data = request_data.get()
        self.data["user"] = self.user_id
        await asyncio.sleep(0.001)


async def serve():
    request_data.set({})
    handlers = [SocketHandler(user) for user in ("socket-user-17", "socket-user-18")]
    async for _ in arounds():
        await asyncio.gather(*(handler.handle() for handler in handlers))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
