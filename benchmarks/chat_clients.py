"""Many users of the chat service, each with a socket on which they ask one question after the other."""

from __future__ import annotations

import asyncio
import json
import sys
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
    """

    def __init__(self, url: str, count: int, asks: int) -> None:
        self._url = url
        self._count = count
        self._asks = asks
        self.seconds: list[float] = []  # from each question to its answer

    async def play(self) -> float:
        """Let all ask at the same time; return the seconds that it took without the warm-up."""
        sockets = [await self._connect(number) for number in range(self._count)]
        await asyncio.gather(*(self._ask(socket, number, WARM_UP) for number, socket in enumerate(sockets)))
        self.seconds.clear()
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
        for turn in range(times):
            run = f"run-{number}-{len(self.seconds)}-{turn}"
            started = perf_counter()
            await socket.send(json.dumps({"type": "ask", "run_id": run, "text": f"how long is {turn}?"}))
            while (await self._receive(socket, "agent_completed"))["run_id"] != run:
                pass
            self.seconds.append(perf_counter() - started)

    async def _receive(self, socket: Any, kind: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
            if message["type"] == kind:
                return message


def main() -> None:
    """Print how many answers came per second, and the quantiles of the time to one."""
    users = Users(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    seconds = asyncio.run(users.play())
    times = sorted(users.seconds)
    print(
        json.dumps(
            {
                "runs": len(times),
                "seconds": seconds,
                "median": times[len(times) // 2],
                "p99": times[int(len(times) * 0.99)],
            }
        )
    )


if __name__ == "__main__":
    main()
