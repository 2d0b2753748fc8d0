"""asyncio.to_thread runs each job in a copy of its request's context."""

# /// case
# row = 24
# ///
# /// policy
# user = [{ argument = "user_id" }, { contextvar = "app:current_user" }]
# [[concept]]
# name = "export"
# classes = ["ExportManager"]
# ///
import asyncio
from contextvars import ContextVar

from traffic import arounds

current_user = ContextVar("current_user", default=None)


class ExportManager:
    def __init__(self, user_id):
        self.user_id = user_id


def export():
    return ExportManager(current_user.get()).user_id


async def request(user):
    current_user.set(user)
    return await asyncio.to_thread(export)


async def serve():
    async for _ in arounds():
        for user in ("exporter-kim", "exporter-lee"):
            await asyncio.create_task(request(user))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
