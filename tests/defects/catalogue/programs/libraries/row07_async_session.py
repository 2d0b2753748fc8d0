"""Concurrent tasks of all users work on one AsyncSession."""

# /// case
# row = 7
# needs = ["sqlalchemy", "aiosqlite"]
# expect = [["SSOT303", "AsyncSession"]]
# lengths = ["long"]
# ///
# /// policy
# [[concept]]
# name = "orders"
# classes = ["OrderService"]
# ///
import asyncio

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from traffic import arounds


class OrderService:
    def __init__(self, user_id, session):
        self.user_id = user_id
        self._session = session

    async def count(self):
        return (await self._session.execute(text("select 1"))).scalar()


async def serve():
    engine = create_async_engine("sqlite+aiosqlite://")
    session = AsyncSession(engine)
    services = [OrderService(user, session) for user in ("buyer-100", "buyer-200")]
    async for _ in arounds():
        for service in services:
            await service.count()
    await session.close()
    await engine.dispose()


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
