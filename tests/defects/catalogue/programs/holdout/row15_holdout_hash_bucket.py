"""Workspaces are kept by the hash of the user modulo a number: some users meet."""

# /// case
# row = 15
# expect = [["SSOT301", "Workspace"]]
# ///
# /// policy
# user = [{ contextvar = "app:who" }]
# [[concept]]
# name = "workspace"
# classes = ["Workspace"]
# ///
import asyncio
import zlib
from contextvars import ContextVar

from traffic import arounds

who = ContextVar("who")


class Workspace:
    def __init__(self):
        self.files = {}

    def write(self, name, text):
        self.files[name] = text


class Workspaces:
    def __init__(self, size):
        self.slots = [None] * size

    def workspace(self):
        slot = zlib.crc32(who.get().encode()) % len(self.slots)
        self.slots[slot] = self.slots[slot] or Workspace()
        return self.slots[slot]


async def request(workspaces, user):
    who.set(user)
    workspaces.workspace().write("notes", f"of {user}")


async def serve():
    workspaces = Workspaces(4)
    async for _ in arounds():
        await asyncio.gather(*(request(workspaces, f"5{number}") for number in range(8)))


def main():
    asyncio.run(serve())


if __name__ == "__main__":
    main()
