"""The process."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator

import uvicorn

from desk.app import app


class DeskServer(uvicorn.Server):
    """Announces its port, and takes SIGTERM for a normal end."""

    async def startup(self, sockets: list[object] | None = None) -> None:
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            print(f"listening on 127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}", flush=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


server = DeskServer(
    uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", backlog=4096, timeout_keep_alive=300)
)
for signum in (signal.SIGINT, signal.SIGTERM):
    signal.signal(signum, server.handle_exit)
asyncio.run(server.serve())
sys.exit(0 if server.started else 1)
