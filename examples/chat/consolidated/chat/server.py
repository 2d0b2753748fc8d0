"""The process: command line, port announcement and a clean end."""

import argparse
import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator, Sequence

import uvicorn

from chat.app import app


class ChatServer(uvicorn.Server):
    """Announces its port, and takes SIGINT and SIGTERM for a normal end."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            print(f"listening on {host}:{port}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if not hasattr(uvicorn.Server, "capture_signals"):  # older ones wait before they close
            for connection in list(self.server_state.connections):
                connection.shutdown()
        await super().shutdown(sockets)

    def install_signal_handlers(self) -> None:
        """Older uvicorn installs its handlers here; main() already has."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Newer uvicorn raises the signal again after its shutdown, which would skip our exit code."""
        yield


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until a signal arrives; 0 after a clean stop."""
    parser = argparse.ArgumentParser(prog="python -m chat", description="Run the chat service.")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one (default 8000)")
    args = parser.parse_args(argv)

    server = ChatServer(uvicorn.Config(app, host="127.0.0.1", port=args.port, log_level="warning"))
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, server.handle_exit)
    asyncio.run(server.serve())
    return 0 if server.started else 1
