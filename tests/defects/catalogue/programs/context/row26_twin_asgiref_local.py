"""asgiref's Local belongs to the task."""

# /// case
# row = 26
# needs = ["asgiref"]
# ///
# /// policy
# [[concept]]
# name = "handler"
# classes = ["SocketHandler"]
# ///
import asyncio

from asgiref.local import Local
from traffic import arounds

_request = Local()


class SocketHandler:
    def __init__(self, user_id):
        self.user_id = user_id

    async def handle(self):
        _request.user = self.user_id
        await asyncio.sleep(0.001)
        return _request.user


async def serve():
    handlers = [SocketHandler(user) for user in ("socket-user-17", "socket-user-18")]
    async for _ in arounds():
        await asyncio.gather(*(handler.handle() for handler in handlers))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
