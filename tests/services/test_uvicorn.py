"""The chat service under plain uvicorn, which a signal ends past every exit handler."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from process.installation import Installation
from process.project import Project, wait_until
from services.chat import project_of, report_of, run_clients, serving, stop
from services.test_chat_demo import EXPECTED

RUNNING = "INFO:     Uvicorn running on"
FOUND = EXPECTED - {"SSOT206"}  # found at the end only


@pytest.fixture
def chat(installed: Installation, tmp_path: Path) -> Project:
    return project_of("fragmented", installed, tmp_path / "place")


def uvicorn(project: Project, *options: str) -> list[str]:
    return [project.python, "-m", "uvicorn", "chat.app:app", "--port", "0", *options]


def codes(view: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in view["findings"]}


def wait_for(chat: Project, expected: set[str]) -> None:
    """Wait until what proves these findings has arrived in the files."""
    wait_until(
        lambda: codes(report_of(chat, chat.recordings)[1]) >= expected, "the findings are in the files"
    )


@pytest.mark.parametrize("way", ["start-up file", "launcher", "command"])
def test_a_terminated_uvicorn_leaves_a_complete_recording(chat: Project, way: str) -> None:
    command = uvicorn(chat)
    if way == "launcher":
        command = [chat.command, "run", "--out", str(chat.recordings), "--", *command]
    if way == "command":
        command = [str(Path(chat.python).parent / "uvicorn"), *command[3:]]

    with serving(chat, command, RUNNING, "stderr", probe=way != "launcher") as (process, port):
        clients = run_clients(chat, port)
        wait_for(chat, FOUND)
        code = stop(process)

    assert (clients.code, clients.err) == (0, "")
    assert code in (0, -signal.SIGTERM)
    exit_code, view = report_of(chat, chat.recordings)
    assert exit_code == 0
    assert codes(view) >= EXPECTED
    assert (view["evidence"]["dropped"], view["evidence"]["unclosed"]) == (0, [])


def test_the_workers_of_uvicorn_are_recorded(chat: Project) -> None:
    found = {"SSOT101", "SSOT103", "SSOT108", "SSOT301"}
    with serving(chat, uvicorn(chat, "--workers", "2"), RUNNING, "stderr", probe=True) as (process, port):
        wait_until(lambda: run_clients(chat, port, asks=1).out, "a worker answers")
        wait_for(chat, found)
        stop(process)

    exit_code, view = report_of(chat, chat.recordings)
    assert exit_code == 0
    assert codes(view) >= found
    assert view["evidence"]["processes"] >= 2
    serving_pids = [pid for pid in chat.recorded().pids if "chat.app" in chat.recorded().modules(pid)]
    assert len(serving_pids) >= 2
    assert process.pid not in serving_pids


def test_the_reloader_of_uvicorn_records_the_process_that_serves(chat: Project) -> None:
    found = {"SSOT101", "SSOT103", "SSOT108", "SSOT301"}
    with serving(chat, uvicorn(chat, "--reload"), RUNNING, "stderr", probe=True) as (process, port):
        wait_until(lambda: run_clients(chat, port, asks=1).code == 0, "the reloaded process answers")
        wait_for(chat, found)
        stop(process)

    assert codes(report_of(chat, chat.recordings)[1]) >= found
