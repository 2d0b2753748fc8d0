"""Printers: slow and few, so they are checked out of a pool and in again."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager


class Printer:
    """Prints one document at a time; forgets it before the next."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._lines: list[str] = []

    async def print(self, lines: Iterable[str]) -> int:
        """Print; returns how many lines it printed."""
        self._lines.extend(lines)
        await asyncio.sleep(0)
        return len(self._lines)

    def reset(self) -> None:
        """Forget the document."""
        self._lines.clear()


class PrinterPool:
    """Hands printers out, one user at a time each, and only clean ones."""

    def __init__(self, size: int) -> None:
        self._free: asyncio.LifoQueue[Printer] = asyncio.LifoQueue()
        for number in range(size):
            self._free.put_nowait(Printer(number))

    async def acquire(self) -> Printer:
        """Wait for a printer."""
        return await self._free.get()

    async def release(self, printer: Printer) -> None:
        """Give it back, clean."""
        printer.reset()
        self._free.put_nowait(printer)

    @asynccontextmanager
    async def printer(self) -> AsyncIterator[Printer]:
        """A printer for the length of the block."""
        printer = await self.acquire()
        try:
            yield printer
        finally:
            await self.release(printer)
