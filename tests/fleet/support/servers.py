"""Runs a server of the service, sends it requests until every worker has answered some, and stops it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep

from fleet.support.cases import Play
from fleet.support.programs import finish, start
from fleet.support.service import USERS, Place

BATCH = 8
"""Requests that are sent before anybody looks who has answered."""

MOST = 12
"""Batches, after which the others never will."""

SECONDS = 30.0


def server(
    *command: str,
    workers: int = 2,
    end: int = signal.SIGTERM,
    codes: Sequence[int] = (0,),
    rest: float = 0.0,
) -> Play:
    """Return what runs a server.

    Args:
        command: how it is started, `{port}` is where it listens; a first word without a slash is a command
            beside this interpreter.
        workers: so many processes must have answered before it is stopped.
        end: the signal that stops it.
        codes: how it may end.
        rest: seconds without a request before that.
    """

    def play(place: Place) -> None:
        port = free_port()
        process = start(place, command_line(command, port=str(port)))
        try:
            wait_for_answer(process, port)
            ask_until(place, port, workers)
            sleep(rest)
        finally:
            process.send_signal(end)
            finish(process, *codes)

    return play


def command_line(command: Sequence[str], **values: str) -> list[str]:
    """Return a command with values put in; a first word without a slash lies beside this interpreter."""
    first, *rest = [word.format(**values) for word in command]
    beside = Path(sys.executable).parent / first
    return [str(beside) if beside.exists() else first, *rest]


def free_port() -> int:
    """Return a port on which nobody listens yet."""
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])


def wait_for_answer(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the server answers a first request."""
    deadline = monotonic() + SECONDS
    while monotonic() < deadline:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            ask(port, 0)
        except OSError:
            sleep(0.02)
        else:
            return
    raise AssertionError("the server does not answer")


def ask_until(place: Place, port: int, workers: int) -> None:
    """Send batches of requests, four at a time, until so many processes have answered."""
    with ThreadPoolExecutor(4) as clients:
        for batch in range(MOST):
            list(clients.map(lambda number: ask(port, number), range(batch * BATCH, (batch + 1) * BATCH)))
            if len(list(place.truth.iterdir())) >= workers:
                return
    raise AssertionError(f"fewer than {workers} processes answer")


def ask(port: int, number: int, more: str = "") -> None:
    """Send one request, with more in its query; each fourth one needs what is to be deleted."""
    user = USERS[number // 2 % len(USERS)]
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", f"/?user={user}{'&legacy=1' if number % 4 == 0 else ''}{more}")
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    assert (response.status, text) == (200, user), f"the answer is {response.status} {text}"


def wait_for_process(place: Place, port: int, besides: Collection[str]) -> None:
    """Ask until a process answers that is none of these."""
    deadline = monotonic() + SECONDS
    while monotonic() < deadline:
        with suppress(OSError):
            ask(port, 1)
        if any(file.name not in besides for file in place.truth.iterdir()):
            return
        sleep(0.1)
    raise AssertionError("no other process answers")
