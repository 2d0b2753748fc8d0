"""Gunicorn, with each kind of worker, with the application loaded before the fork and after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fleet.support.cases import Case, tested
from fleet.support.examine import examine
from fleet.support.servers import server

COMMAND = ("gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "2", "--log-level", "warning")

KINDS = {
    "sync": (),
    "gthread": ("--worker-class", "gthread", "--threads", "4"),
    "gevent": ("--worker-class", "gevent"),
}

CASES = [
    Case(
        f"gunicorn {kind}{preload and ' --preload'}",
        server(*COMMAND, *options, *filter(None, [preload]), "shop.wsgi:app"),
        needs=("gunicorn", *(("gevent",) if kind == "gevent" else ())),
        is_thin=(kind, preload) in (("sync", "--preload"), ("gevent", "")),
    )
    for kind, options in KINDS.items()
    for preload in ("", "--preload")
]


@pytest.mark.parametrize("case", tested(CASES))
def test_the_sum_over_processes_is_the_truth(case: Case, tmp_path: Path) -> None:
    assert examine(case, tmp_path).faults == ()
