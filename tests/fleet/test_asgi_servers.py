"""Uvicorn and Hypercorn: one process, several, and one that is started anew whenever a file changes."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from fleet.support.cases import Case, parameters
from fleet.support.examine import examine
from fleet.support.programs import finish, start
from fleet.support.servers import (
    ask_until,
    command_line,
    free_port,
    server,
    wait_for_answer,
    wait_for_process,
)
from fleet.support.service import Place

UVICORN = ("uvicorn", "shop.asgi:app", "--port", "{port}", "--log-level", "warning")
ENDS = (0, -signal.SIGTERM)  # it sends the signal that stopped it to itself again


def reloaded(place: Place) -> None:
    """Serve, change a file, and serve again by the process that replaces the first one."""
    port = free_port()
    process = start(place, command_line((*UVICORN, "--reload"), port=str(port)))
    try:
        wait_for_answer(process, port)
        ask_until(place, port, 1)
        (first,) = place.truth.iterdir()
        place.write({"shop/wsgi.py": "# is not used by this server\n"})
        wait_for_process(place, port, {first.name})
        ask_until(place, port, 2)
    finally:
        process.send_signal(signal.SIGTERM)
        finish(process, *ENDS)


CASES = [
    Case("uvicorn", server(*UVICORN, workers=1, codes=ENDS), 1),
    Case("uvicorn --workers 2", server(*UVICORN, "--workers", "2", codes=ENDS), is_thin=True),
    Case("uvicorn --reload", reloaded),
    Case(
        "hypercorn --workers 2",
        server("hypercorn", "--bind", "127.0.0.1:{port}", "--workers", "2", "shop.asgi:app"),
        needs=("hypercorn",),
    ),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_the_sum_over_processes_is_the_truth(case: Case, tmp_path: Path) -> None:
    assert examine(case, tmp_path).faults == ()
