"""The chat service as a process, and its clients."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from process.installation import CHECKOUT, Installation
from process.project import Outcome, Project, line_of

EXAMPLE = CHECKOUT / "examples" / "chat"
VARIANTS = ("fragmented", "consolidated")
TOTAL = re.compile(r"total: (\d+) users, (\d+) runs, (\d+) events, (\d+) reconnects, 0 failed")


class Traffic(NamedTuple):
    """What the clients did."""

    users: int
    runs: int
    reconnects: int

    @property
    def connections(self) -> int:
        """The first user has two sockets."""
        return self.users + 1 + self.reconnects

    @property
    def messages(self) -> int:
        """Every user also sends one message of nonsense."""
        return self.runs + self.users


def traffic_of(summary: str) -> Traffic:
    """Read the last line of what the clients say."""
    found = TOTAL.search(summary)
    assert found is not None, summary
    users, runs, _, reconnects = map(int, found.groups())
    return Traffic(users, runs, reconnects)


def project_of(variant: str, installed: Installation, place: Path) -> Project:
    """Return the variant of the service as a project whose recordings go to a place of their own."""
    place.mkdir(exist_ok=True)
    return Project(EXAMPLE / variant, installed.python, installed.command, place)


@contextmanager
def serving(
    project: Project,
    command: Sequence[str],
    announcement: str,
    stream: str,
    probe: bool,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a service; yield its process and its port."""
    streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    streams[stream] = subprocess.PIPE
    process = project.start(command, environment, probe, start_new_session=True, **streams)
    try:
        line = line_of(getattr(process, stream), announcement)
        yield process, int(re.findall(r":(\d+)", line)[-1])
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)


def run_clients(project: Project, port: int, asks: int = 3) -> Outcome:
    """Let all users ask."""
    command = [
        project.python,
        str(EXAMPLE / "clients.py"),
        "--url",
        f"ws://127.0.0.1:{port}/ws",
        "--asks",
        str(asks),
    ]
    return project.execute(command, probe=False)


def stop(process: subprocess.Popen[str]) -> int:
    """End a service as an operator does; return its exit code."""
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    return process.returncode


def report_of(project: Project, recording: Path) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the JSON report of a recording."""
    outcome = project.ssot_probe("report", str(recording), "--format", "json")
    assert outcome.err == ""
    return outcome.code, json.loads(outcome.out)


def user_ids() -> list[str]:
    """Read the directory of users from the service."""
    text = (EXAMPLE / "fragmented" / "chat" / "auth.py").read_text()
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    found = [
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id == "User"
        and isinstance(call.args[0], ast.Constant)
    ]
    return [str(user) for user in found]
