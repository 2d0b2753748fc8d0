"""uWSGI, with the application loaded before the fork and after it, with threads and without."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fleet.support.cases import Case, parameters
from fleet.support.examine import examine
from fleet.support.servers import server

COMMAND = (
    *("uwsgi", "--http-socket", "127.0.0.1:{port}", "--master", "--processes", "2"),
    *("--virtualenv", sys.prefix, "--need-app", "--disable-logging", "--module", "shop.wsgi:app"),
)

AT_ONCE = ("--die-on-term",)
DRAINED = ("--hook-master-start", "unix_signal:15 gracefully_kill_them_all")
LAZY = ("--lazy-apps",)
THREADS = ("--enable-threads",)
HOOKS = ("--py-call-uwsgi-fork-hooks",)

MASTER = "uWSGI runs no exit handler in its master: what was done while the application was loaded is lost"
BUSY = "a worker that is busy when it is stopped runs no exit handler either: here it had half a second"

CASES = [
    Case(
        "uwsgi --lazy-apps, drained",
        server(*COMMAND, *DRAINED, *LAZY),
        note="stopped right after the last answer",
        needs=("uwsgi",),
        is_thin=True,
    ),
    Case(
        "uwsgi, of an application that works while it is loaded",
        server(*COMMAND[:-1], "shop.working:app", *AT_ONCE, workers=3, rest=0.5),
        3,
        loses=MASTER,
        needs=("uwsgi",),
    ),
    Case(
        "uwsgi --lazy-apps, of an application that works while it is loaded",
        server(*COMMAND[:-1], "shop.working:app", *AT_ONCE, *LAZY, rest=0.5),
        note=BUSY,
        needs=("uwsgi",),
    ),
    *(
        Case(
            f"uwsgi{' '.join(['', *options])}",
            server(*COMMAND, *AT_ONCE, *options, rest=0.5),
            loses="" if LAZY[0] in options else MASTER,
            is_counted=True,
            note=BUSY,
            needs=("uwsgi",),
        )
        for options in ((), LAZY, THREADS, LAZY + THREADS, HOOKS, THREADS + HOOKS)
    ),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_the_sum_over_processes_is_the_truth(case: Case, tmp_path: Path) -> None:
    assert examine(case, tmp_path).faults == ()
