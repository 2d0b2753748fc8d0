"""Runs a program of the service to its end, with all processes that come from it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, sleep

from fleet.support.cases import Play
from fleet.support.service import Place
from process.project import wait_until

LONGEST = 60.0
"""Seconds after which something hangs."""


def program(text: str, *arguments: str, code: int = 0, options: Sequence[str] = ()) -> Play:
    """Return what runs a program with these arguments, which ends with this code."""

    def play(place: Place) -> None:
        place.write({"main.py": text})
        process = start(place, [sys.executable, *options, "main.py", *arguments])
        finish(process, code)

    return play


def detached(text: str, code: int = 0, *, shell: bool = False) -> Play:
    """Return what runs a program that goes on when the process that was started has ended.

    The process that ends last leaves its id in a file `done` beside the service.
    """

    def play(place: Place) -> None:
        place.write({"main.py": text})
        command = [sys.executable, "main.py"]
        if shell:
            command = ["/bin/sh", "-c", f"nohup {sys.executable} main.py &"]
        process = start(place, command)
        assert process.wait(LONGEST) == code, f"ended with {process.returncode}, not {code}"
        done = place.root.parent / "done"
        wait_until(lambda: done.exists() and done.read_text(), "the last process has done its work")
        last = int(done.read_text())
        wait_for_end(last)

    return play


def start(place: Place, command: Sequence[str], **variables: str) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own; what it and its descendants say goes to the place's log."""
    with place.log.open("ab") as log:
        return subprocess.Popen(
            list(command),
            cwd=place.root,
            env={**place.environment(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def finish(process: subprocess.Popen[bytes], *codes: int) -> None:
    """Wait until a process and all of its session have ended; fail where that takes too long."""
    deadline = monotonic() + LONGEST
    try:
        code = process.wait(LONGEST)
    except subprocess.TimeoutExpired:
        _kill(process)
        raise AssertionError(f"still runs after {LONGEST:g} s") from None
    while _is_there(process.pid):
        if monotonic() > deadline:
            _kill(process)
            raise AssertionError("left processes behind")
        sleep(0.01)
    assert code in codes, f"ended with {code}, not {' or '.join(map(str, codes))}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for_end(pid: int) -> None:
    """Wait for the end of a process that need not be a child of this one."""
    wait_until(lambda: not _lives(pid), f"process {pid} has ended")


def _lives(pid: int) -> bool:
    """Does a process run? One that has ended counts for nothing, though nobody has waited for it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
