"""The class itself registers each instance by a running number, and nobody takes it out."""

# /// case
# code = "SSOT206"
# expect = [["SSOT206", "UserManager"]]
# lengths = ["long", "short"]
# ///
# /// policy
# user = [{ contextvar = "app:current" }]
# [[concept]]
# name = "manager"
# classes = ["UserManager"]
# ///
import asyncio
from contextvars import ContextVar
from itertools import count

from traffic import arounds

current = ContextVar("current")


class UserManager:
    instances = {}
    numbers = count()

    def __init__(self):
        self.instances[next(self.numbers)] = self


async def request(user):
    current.set(user)
    UserManager()
    await asyncio.sleep(0)


async def serve():
    async for number in arounds():
        await asyncio.gather(*(request(f"user-{number * 25 + place:05}") for place in range(25)))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
