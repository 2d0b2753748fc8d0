"""Gunicorn, with each kind of worker, with the application loaded before the fork and after it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest
from fleet.support.cases import Case, Play, parameters
from fleet.support.examine import examine
from fleet.support.programs import finish, start, wait_for_end
from fleet.support.servers import (
    ask,
    ask_until,
    command_line,
    free_port,
    server,
    wait_for_answer,
    wait_for_process,
)
from fleet.support.service import Place
from process.project import wait_until

COMMAND = (
    "gunicorn",
    "--bind",
    "127.0.0.1:{port}",
    "--workers",
    "2",
    "--log-level",
    "critical",
    "shop.wsgi:app",
)

SLOW = """\
import time
from shop import wsgi

def app(environ, start_response):
    answer = wsgi.app(environ, start_response)
    if "slow=1" in environ["QUERY_STRING"]:
        time.sleep(30)
    return answer
"""

KINDS = {
    "sync": (),
    "gthread": ("--worker-class", "gthread", "--threads", "4"),
    "gevent": ("--worker-class", "gevent"),
}


def after_workers(number: int, *options: str) -> Play:
    """Return what serves, sends a signal to a worker that has answered, and serves again by another one."""

    def play(place: Place) -> None:
        port = free_port()
        process = start(place, command_line((*COMMAND, *options), port=str(port)))
        try:
            wait_for_answer(process, port)
            ask_until(place, port, 2)
            before = {file.name for file in place.truth.iterdir()}
            os.kill(int(min(before)), number)
            wait_for_end(int(min(before)))
            wait_for_process(place, port, before)
        finally:
            process.send_signal(signal.SIGTERM)
            finish(process, 0)

    return play


def reloaded(place: Place) -> None:
    """Serve, have all workers replaced by SIGHUP, and serve again."""
    port = free_port()
    process = start(place, command_line(COMMAND, port=str(port)))
    try:
        wait_for_answer(process, port)
        ask_until(place, port, 2)
        before = {file.name for file in place.truth.iterdir()}
        process.send_signal(signal.SIGHUP)
        for worker in before:
            wait_for_end(int(worker))
        wait_for_process(place, port, before)
    finally:
        process.send_signal(signal.SIGTERM)
        finish(process, 0)


def timed_out(place: Place) -> None:
    """Serve until a worker takes too long, which its master ends, and serve again by another one."""
    place.write({"shop/slow.py": SLOW})
    port = free_port()
    process = start(place, command_line((*COMMAND[:-1], "--timeout", "2", "shop.slow:app"), port=str(port)))
    try:
        wait_for_answer(process, port)
        ask_until(place, port, 2)
        before = {file.name for file in place.truth.iterdir()}
        with suppress(OSError, HTTPException, AssertionError):  # an error, or no answer at all
            ask(port, 0, "&slow=1")
        wait_for_process(place, port, before)
    finally:
        process.send_signal(signal.SIGTERM)
        finish(process, 0)


def daemon(place: Place) -> None:
    """Serve from processes that left the one that was started."""
    port = free_port()
    pid_file = place.root.parent / "pid"
    process = start(place, command_line((*COMMAND, "--daemon", "--pid", str(pid_file)), port=str(port)))
    finish(process, 0)
    wait_until(lambda: pid_file.exists() and pid_file.read_text(), "the daemon has said its process id")
    master = int(pid_file.read_text())
    try:
        ask_until(place, port, 2)
    finally:
        os.kill(master, signal.SIGTERM)
        wait_for_end(master)


CASES = [
    *(
        Case(
            f"gunicorn {kind}",
            server(*COMMAND, *options),
            needs=("gunicorn", *(("gevent",) if kind == "gevent" else ())),
            is_thin=kind == "gevent",
        )
        for kind, options in KINDS.items()
    ),
    *(
        Case(
            f"gunicorn {kind} --preload, of an application that works while it is loaded",
            server(*COMMAND[:-1], *options, "--preload", "shop.working:app", workers=3),
            3,
            needs=("gunicorn", *(("gevent",) if kind == "gevent" else ())),
            is_thin=kind == "sync",
        )
        for kind, options in KINDS.items()
    ),
    Case(
        "gunicorn --max-requests 5",
        server(*COMMAND, "--max-requests", "5", workers=4),
        4,
        needs=("gunicorn",),
    ),
    Case("gunicorn, reloaded by SIGHUP", reloaded, 3, needs=("gunicorn",)),
    Case("gunicorn --timeout, a worker takes too long", timed_out, 3, needs=("gunicorn",)),
    Case("gunicorn --daemon", daemon, needs=("gunicorn",)),
    Case("gunicorn, SIGQUIT", server(*COMMAND, end=signal.SIGQUIT), needs=("gunicorn",)),
    Case(
        "gunicorn, a worker gets SIGTERM",
        after_workers(signal.SIGTERM),
        3,
        needs=("gunicorn",),
        is_thin=False,
    ),
    Case(
        "gunicorn, a worker gets SIGKILL",
        after_workers(signal.SIGKILL),
        3,
        loses="killed: what came in the last 0.1 s (first 2 s) may be lost",
        needs=("gunicorn",),
    ),
    Case(
        "gunicorn gevent --preload, a worker gets SIGKILL",
        after_workers(signal.SIGKILL, *KINDS["gevent"], "--preload"),
        3,
        loses="killed: what came in the last 0.1 s (first 2 s) may be lost",
        needs=("gunicorn", "gevent"),
    ),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_the_sum_over_processes_is_the_truth(case: Case, tmp_path: Path) -> None:
    assert examine(case, tmp_path).faults == ()
