"""A real Redis server on a free port, for the length of a test."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from process.project import wait_until

COMMAND = shutil.which("redis-server")

needs_redis = pytest.mark.skipif(COMMAND is None, reason="redis-server is not installed on this machine")


@contextmanager
def running_redis(directory: Path) -> Iterator[int]:
    """Run the server; yields its port."""
    port = _free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory))
    server = subprocess.Popen([str(COMMAND), *options], stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), "the Redis server answers")
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as asking:
            asking.sendall(b"PING\r\n")
            return asking.recv(5) == b"+PONG"
    except OSError:
        return False
