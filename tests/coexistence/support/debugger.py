"""A client of the debug adapter protocol that stops at breakpoints, steps, and says where it stood."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

SECONDS = 60.0


class Debugger:
    """Talks to a debugger that waits for it at a port of this machine."""

    def __init__(self, port: int) -> None:
        deadline = monotonic() + SECONDS
        while True:
            with suppress(OSError):
                self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
                break
            assert monotonic() < deadline, "the debugger does not listen"
            sleep(0.05)
        self._stream = self._socket.makefile("rb")
        self._number = 0
        self._events: list[dict[str, Any]] = []

    def walk(self, lines: dict[Path, Sequence[int]], steps: Sequence[str]) -> list[tuple[str, int]]:
        """Set breakpoints, take steps at the places where it stops, and let it end; says where it stood.

        Args:
            lines: of breakpoints, by file.
            steps: requests, such as "stepIn", one for each stop; after them the breakpoints are removed.
        """
        self._ask("initialize", adapterID="test", linesStartAt1=True, pathFormat="path")
        attached = self._send("attach", justMyCode=True)
        self._event("initialized")
        for file, numbers in lines.items():
            self._ask(
                "setBreakpoints",
                source={"path": str(file)},
                breakpoints=[{"line": number} for number in numbers],
            )
        self._ask("configurationDone")
        self._response(attached)
        places = []
        for step in steps:
            thread = self._event("stopped")["body"]["threadId"]
            frames = self._ask("stackTrace", threadId=thread, levels=2)["body"]["stackFrames"]
            places += [(frame["name"], frame["line"]) for frame in frames]
            self._ask(step, threadId=thread)
        thread = self._event("stopped")["body"]["threadId"]
        for file in lines:
            self._ask("setBreakpoints", source={"path": str(file)}, breakpoints=[])
        self._ask("continue", threadId=thread)
        with suppress(EOFError):
            self._event("terminated")
        self._socket.close()
        return places

    def _ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        return self._response(self._send(command, **arguments))

    def _send(self, command: str, **arguments: Any) -> int:
        self._number += 1
        request = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(request).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self._number

    def _response(self, number: int) -> dict[str, Any]:
        while True:
            message = self._read()
            if message.get("request_seq") == number:
                assert message["success"], message
                return message
            self._events.append(message)

    def _event(self, name: str) -> dict[str, Any]:
        while True:
            for message in self._events:
                if message.get("event") == name:
                    self._events.remove(message)
                    return message
            self._events.append(self._read())

    def _read(self) -> dict[str, Any]:
        length = 0
        while True:
            line = self._stream.readline()
            if not line:
                raise EOFError
            if line == b"\r\n":
                found: dict[str, Any] = json.loads(self._stream.read(length))
                return found
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
