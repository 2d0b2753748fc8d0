"""A few tasks wait for the shutdown, each with its user's manager, and users stay."""

# /// case
# row = 33
# ///
# /// policy
# [[concept]]
# name = "upload"
# classes = ["UploadManager"]
# ///
import asyncio

from traffic import arounds


class UploadManager:
    def __init__(self, user_id):
        self.user_id = user_id
        self.count = 0

    def note(self):
        self.count += 1


async def until_shutdown(manager, shutdown):
    await shutdown.wait()
    manager.note()


async def serve():
    shutdown = asyncio.Event()
    managers = [UploadManager(f"uploader-{place:04}") for place in range(4)]
    tasks = [asyncio.create_task(until_shutdown(manager, shutdown)) for manager in managers]
    async for _ in arounds():
        for manager in managers:
            manager.note()
    shutdown.set()
    await asyncio.gather(*tasks)


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
