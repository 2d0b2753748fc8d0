"""Requests for public news are joined; every user's reader keeps the text it got."""

# /// case
# row = 18
# ///
# /// policy
# [[concept]]
# name = "reader"
# classes = ["NewsReader"]
# ///
import asyncio

from traffic import arounds

flights = {}


async def fetch(path):
    await asyncio.sleep(0.002)
    return ("headline one", "headline two")


async def news(path):
    if path not in flights:
        flights[path] = asyncio.ensure_future(fetch(path))
    try:
        return await asyncio.shield(flights[path])
    finally:
        flights.pop(path, None)


class NewsReader:
    def __init__(self, user_id):
        self.user_id = user_id
        self.headlines = ()

    async def refresh(self):
        self.headlines = await news("/news")


async def serve():
    readers = [NewsReader(user) for user in ("alice.moore", "bobby.brown")]
    async for _ in arounds():
        await asyncio.gather(*(reader.refresh() for reader in readers))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
