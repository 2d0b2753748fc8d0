"""A request starts the poller in an empty context."""

# /// case
# row = 29
# ///
# /// policy
# user = [{ argument = "user_id" }, { contextvar = "app:current_user" }]
# [[concept]]
# name = "feed"
# classes = ["FeedManager"]
# ///
import asyncio
from contextvars import Context, ContextVar

from traffic import arounds

current_user = ContextVar("current_user", default=None)
waiting = []
poller = None


class FeedManager:
    def __init__(self, user_id):
        self.user_id = user_id


async def poll():
    while True:
        while waiting:
            FeedManager(waiting.pop())
        await asyncio.sleep(0.001)


async def request(user_id):
    global poller
    current_user.set(user_id)
    if poller is None:
        poller = Context().run(asyncio.ensure_future, poll())
    waiting.append(user_id)
    await asyncio.sleep(0.004)


async def serve():
    async for _ in arounds():
        for user in ("alice.moore", "bobby.brown"):
            await asyncio.create_task(request(user))
    poller.cancel()


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
