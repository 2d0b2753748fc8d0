"""Many users of the chat service, each with a socket on which they ask one question after the other.

People read an answer before they ask again, some longer and some shorter. So do these users, for times that
are the same in every run; without pauses they ask as fast as the service answers.
"""

from __future__ import annotations

import asyncio
import json
import sys
from random import Random
from time import perf_counter
from typing import Any

import websockets

WARM_UP = 2
"""Questions of each user before those that count."""

PATIENCE = 120.0


class Users:
    """All users of one run.

    Args:
        url: of the service.
        count: how many users there are.
        asks: questions of each.
        pause: seconds before each question, on average.
    """

    def __init__(self, url: str, count: int, asks: int, pause: float) -> None:
        self._url = url
        self._count = count
        self._asks = asks
        self._pause = pause
        self.seconds: list[float] = []  # from each question to its answer
        self.reactions: list[float] = []  # from each question to the first sign of life

    async def play(self) -> float:
        """Let all ask at the same time; return the seconds that it took without the warm-up."""
        sockets = [await self._connect(number) for number in range(self._count)]
        await asyncio.gather(*(self._ask(socket, number, WARM_UP) for number, socket in enumerate(sockets)))
        self.seconds.clear()
        self.reactions.clear()
        started = perf_counter()
        await asyncio.gather(
            *(self._ask(socket, number, self._asks) for number, socket in enumerate(sockets))
        )
        ended = perf_counter()
        await asyncio.gather(*(socket.close() for socket in sockets))
        return ended - started

    async def _connect(self, number: int) -> Any:
        url = f"{self._url}?token=token-user-{number:04}"
        socket = await websockets.connect(url, open_timeout=PATIENCE, ping_interval=None)
        await self._receive(socket, "connected")
        return socket

    async def _ask(self, socket: Any, number: int, times: int) -> None:
        pauses = Random(f"{number} {times}")
        for turn in range(times):
            if self._pause:
                await asyncio.sleep(pauses.uniform(0, 2 * self._pause))
            run = f"run-{number}-{len(self.seconds)}-{turn}"
            started = perf_counter()
            await socket.send(json.dumps({"type": "ask", "run_id": run, "text": f"how long is {turn}?"}))
            while (await self._receive(socket, "agent_started"))["run_id"] != run:
                pass
            self.reactions.append(perf_counter() - started)
            while (await self._receive(socket, "agent_completed"))["run_id"] != run:
                pass
            self.seconds.append(perf_counter() - started)

    async def _receive(self, socket: Any, kind: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
            if message["type"] == kind:
                return message


def main() -> None:
    """Print how many answers came per second, and how long they and the first signs of life took."""
    users = Users(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
    seconds = asyncio.run(users.play())
    said = {
        "runs": len(users.seconds),
        "seconds": seconds,
        "slowest": _slowest(users.seconds),
        "slowest_reaction": _slowest(users.reactions),
    }
    print(json.dumps(said))


def _slowest(times: list[float]) -> float:
    """Return what 99 of 100 times are below."""
    return sorted(times)[int(len(times) * 0.99)]


if __name__ == "__main__":
    main()
