"""Entry points that begin and fail at once did not run, as far as the interpreter tells it (3.12)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.children import run_both
from support.watched import state, uses, watching

from ssot_probe.model.path_records import BEGAN_ONLY

JOBS = """
import time
def check(fails):
    if fails: raise RuntimeError("no database")
def monthly(fails=True):
    "Does it."
    check(fails)
    return 1
async def nightly():
    check(True)
    return 1
def short(): check(True)
def long():
    time.sleep(1.5)
    return 1
"""
RUN = """
from shop import jobs
def attempt(job, *arguments):
    try: job(*arguments)
    except (RuntimeError, KeyboardInterrupt): pass
"""
POLICY = watching() + '[dead]\nentry_points = ["shop.jobs:{name}"]\n'

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="Python tells of lines since 3.12")


def _unheard(directory: Path, program: str, name: str) -> str:
    files = {"shop/__init__.py": "", "shop/jobs.py": JOBS}
    observed, _ = run_both(directory, program=RUN + program, files=files, policy=POLICY.format(name=name))
    assert bool(uses(observed, f"shop.jobs:{name}", "called")) == ("attempt" in program)
    return state(observed.processes[0], f"shop.jobs:{name}").unheard


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("attempt(jobs.monthly)\n", "monthly"),
        ("attempt(jobs.monthly)\nattempt(jobs.monthly)\n", "monthly"),
        ("attempt(lambda: jobs.nightly().send(None))\n", "nightly"),
    ],
)
def test_an_entry_point_that_fails_in_its_first_line_is_told(tmp_path: Path, program: str, name: str) -> None:
    assert BEGAN_ONLY in _unheard(tmp_path, program, name)


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("", "monthly"),
        ("attempt(jobs.monthly, False)\n", "monthly"),
        ("attempt(jobs.monthly)\nattempt(jobs.monthly, False)\n", "monthly"),
        ("attempt(jobs.short)\n", "short"),
        (
            "import _thread, threading\nthreading.Timer(1.2, _thread.interrupt_main).start()\n"
            "attempt(jobs.long)\n",
            "long",
        ),
    ],
)
def test_one_that_gets_further_works_there_for_a_while_or_has_one_line_is_not(
    tmp_path: Path, program: str, name: str
) -> None:
    assert BEGAN_ONLY not in _unheard(tmp_path, program, name)
