"""Stands in for the agents that tracers send to: takes everything, and keeps what it was sent."""

from __future__ import annotations

import gzip
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Agent:
    """What has arrived: path and body of each request.

    Attributes:
        port: of 127.0.0.1.
        received: path and body, in their order.
    """

    def __init__(self) -> None:
        self.port = 0
        self.received: list[tuple[str, bytes]] = []

    def bodies(self, path: str) -> list[bytes]:
        """Return what was sent to a path."""
        return [body for where, body in self.received if where.startswith(path)]


@contextmanager
def running_agent(answer: bytes = b"{}") -> Iterator[Agent]:
    """Listen at 127.0.0.1 for the length of the block."""
    agent = Agent()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else self._chunks()
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            agent.received.append((self.path, body))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = _take  # noqa: N815

        def _chunks(self) -> bytes:
            found = b""
            while self.headers.get("Transfer-Encoding") == "chunked":
                size = int(self.rfile.readline(), 16)
                found += self.rfile.read(size)
                self.rfile.readline()
                if not size:
                    break
            return found

        def log_message(self, *arguments: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that goes away is expected."""

    server = Server(("127.0.0.1", 0), Handler)
    agent.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield agent
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def unpacked(data: bytes) -> Any:
    """Return the value that MessagePack has in some bytes."""
    return _unpack(data, 0)[0]


_NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}
_NUMBERS.update({0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"})
_SIZES = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


def _unpack(data: bytes, at: int) -> tuple[Any, int]:
    kind = data[at]
    at += 1
    if kind < 0x80:
        return kind, at
    if kind >= 0xE0:
        return kind - 0x100, at
    if kind in _CONSTANTS:
        return _CONSTANTS[kind], at
    if kind in _NUMBERS:
        size = struct.calcsize(_NUMBERS[kind])
        return struct.unpack(_NUMBERS[kind], data[at : at + size])[0], at + size
    if kind < 0xC0:
        is_text, size = kind >= 0xA0, kind & (0x1F if kind >= 0xA0 else 0x0F)
        is_list, is_map = 0x90 <= kind < 0xA0, kind < 0x90
    else:
        width = _SIZES[kind]
        size = int.from_bytes(data[at : at + width], "big")
        at += width
        is_text, is_list, is_map = kind in (0xD9, 0xDA, 0xDB), kind in (0xDC, 0xDD), kind in (0xDE, 0xDF)
    if is_list or is_map:
        values = []
        for _ in range(size * (2 if is_map else 1)):
            value, at = _unpack(data, at)
            values.append(value)
        return (dict(zip(values[::2], values[1::2])) if is_map else values), at
    raw = data[at : at + size]
    return (raw.decode() if is_text else raw), at + size
