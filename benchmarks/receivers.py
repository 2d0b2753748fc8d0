"""Collectors that take everything, refuse it, never answer, or are not there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TAKES, REFUSES, HANGS, DEAD = "takes all", "refuses", "hangs", "dead"

_STATUS = {TAKES: 200, REFUSES: 503, HANGS: 0}


@contextmanager
def receiver(kind: str) -> Iterator[str]:
    """Give the endpoint of a Collector of that kind."""
    if kind == DEAD:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        return
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer, or do not."""
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not _STATUS[kind]:
                ended.wait(60)
                self.close_connection = True
                return
            self.send_response(_STATUS[kind])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
