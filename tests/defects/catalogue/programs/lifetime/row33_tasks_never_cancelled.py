"""Every connection starts a task that waits for ever."""

# /// case
# row = 33
# expect = [["SSOT206", "UploadManager"]]
# ///
# /// policy
# [[concept]]
# name = "upload"
# classes = ["UploadManager"]
# ///
import asyncio

from traffic import arounds

tasks = set()


class UploadManager:
    def __init__(self, user_id):
        self.user_id = user_id

    def note(self):
        return self.user_id


async def watch(manager, closed):
    await closed.wait()
    manager.note()


async def request(user_id):
    manager = UploadManager(user_id)
    tasks.add(asyncio.create_task(watch(manager, asyncio.Event())))


async def serve():
    async for number in arounds():
        await asyncio.gather(*(request(f"uploader-{number:04}-{place}") for place in range(10)))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
