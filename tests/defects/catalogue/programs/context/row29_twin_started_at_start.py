"""The poller is started by the service itself, before anybody comes."""

# /// case
# row = 29
# lengths = ["long", "short"]
# ///
# /// policy
# user = [{ argument = "user_id" }, { contextvar = "app:current_user" }]
# [[concept]]
# name = "feed"
# classes = ["FeedManager"]
# ///
import asyncio
from contextvars import ContextVar

from traffic import arounds

current_user = ContextVar("current_user", default=None)
waiting = []


class FeedManager:
    def __init__(self, user_id):
        self.user_id = user_id


async def poll():
    while True:
        while waiting:
            FeedManager(waiting.pop())
        await asyncio.sleep(0.001)


async def request(user_id):
    current_user.set(user_id)
    waiting.append(user_id)
    await asyncio.sleep(0.004)


async def serve():
    poller = asyncio.create_task(poll())
    async for _ in arounds():
        for user in ("alice.moore", "bobby.brown"):
            await asyncio.create_task(request(user))
    poller.cancel()


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
