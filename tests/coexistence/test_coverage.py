"""Coverage, with each of its cores: it measures what it measures without the probe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from coexistence.support.application import FILES
from coexistence.support.cases import Case, parameters, play
from coexistence.support.compare import alone, assert_seen, beside
from coexistence.support.environments import Environment
from support.children import Run, run

READ = """
import coverage, json, pathlib
here = pathlib.Path.cwd()
data = coverage.CoverageData(".coverage")
data.read()
def arcs(file):
    return sorted(arc for arc in data.arcs(file) or () if arc[0] != arc[1])
print(json.dumps({
    str(pathlib.Path(file).resolve().relative_to(here)): [sorted(data.lines(file)), arcs(file)]
    for file in data.measured_files()
}))
"""
"""Coverage itself takes no notice of an arc that leads from a line to itself: 3.12 tells of it where a call
in that line returns, unless what was called has a wrapper."""

RC = """
[run]
branch = {branch}
concurrency = {concurrency}
parallel = true
source = .
{more}
"""

SPAWNING = FILES["main.py"].replace(
    "    print(answers)",
    """\
    print(answers)

    def elsewhere(user_id):
        return serve_as_before(user_id)

    if __name__ == "__main__":
        import multiprocessing, subprocess, sys
        process = multiprocessing.get_context("fork").Process(target=elsewhere, args=("dora",))
        process.start()
        process.join()
        subprocess.run([sys.executable, "child.py"], check=True)
    """,
)

CHILD = "from shop.work import serve_as_before\nprint(serve_as_before('emil'))\n"

GEVENT = "    from gevent import monkey\n    monkey.patch_all()\n" + FILES["main.py"]


def measured(directory: Path, done: Run) -> Any:
    """Return lines and arcs of each file."""
    combined = run(directory, "-m", "coverage", "combine", "-q", probe=False)
    assert combined.code == 0, (done.stderr, combined.stdout, combined.stderr)
    read = run(directory, "read.py", files={"read.py": READ}, probe=False)
    found = json.loads(read.stdout)
    assert {"main.py", "shop/manager.py", "shop/old.py", "shop/work.py"} <= set(found), found
    return found


def coverage(core: str, branch: bool = False, concurrency: str = "thread", program: str = "") -> Any:
    def in_this_way(directory: Path, environment: Environment) -> None:
        rc = RC.format(branch=branch, concurrency=concurrency, more="omit = read.py")
        files = {**FILES, ".coveragerc": rc, "main.py": program or FILES["main.py"]}
        done, found = beside(
            directory,
            environment,
            *("-m", "coverage", "run", "main.py"),
            measure=measured,
            files=files,
            more={"COVERAGE_CORE": core},
        )
        assert done.code == 0, done.stderr
        if not program:
            assert_seen(found, alone(environment.python))
        else:
            assert found.verdicts == alone(environment.python).verdicts
            assert found.void == []

    return in_this_way


def in_children(core: str) -> Any:
    """Play with coverage that starts in every process by its variable."""

    def in_this_way(directory: Path, environment: Environment) -> None:
        rc = RC.format(branch=True, concurrency="thread", more="omit = read.py\npatch = subprocess")
        files = {**FILES, ".coveragerc": rc, "main.py": SPAWNING, "child.py": CHILD}
        done, found = beside(
            directory,
            environment,
            *("-m", "coverage", "run", "main.py"),
            measure=measured,
            files=files,
            more={"COVERAGE_CORE": core},
        )
        assert done.code == 0, done.stderr
        assert (found.processes, found.uses["shop.old", "called", "application"]) == (3, 8)
        assert found.verdicts == alone(environment.python).verdicts
        assert found.void == []

    return in_this_way


SAME = "lines and arcs of each file; the recording"

CASES = [
    *(
        Case(
            "coverage",
            f"core {core}{', branches' if branch else ''}",
            coverage(core, branch),
            SAME,
            distribution="coverage",
            needs=("coverage",),
            since=(3, 12) if core == "sysmon" else (3, 10),
            is_thin=branch,
        )
        for core in ("ctrace", "pytrace", "sysmon")
        for branch in (False, True)
    ),
    *(
        Case(
            "coverage",
            f"core {core}, in children that are forked and started",
            in_children(core),
            SAME,
            distribution="coverage",
            needs=("coverage",),
            since=(3, 12) if core == "sysmon" else (3, 10),
        )
        for core in ("ctrace", "pytrace", "sysmon")
    ),
    Case(
        "coverage",
        "concurrency multiprocessing",
        coverage(
            "ctrace",
            concurrency="thread,multiprocessing",
            program=SPAWNING.replace("subprocess.run", "list").replace(", check=True", ""),
        ),
        SAME,
        distribution="coverage",
        needs=("coverage",),
    ),
    Case(
        "coverage",
        "concurrency gevent",
        coverage("ctrace", True, "gevent", GEVENT),
        SAME,
        distribution="coverage",
        needs=("coverage", "gevent"),
    ),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_coverage_measures_the_same_and_the_probe_sees_the_same(case: Case, tmp_path: Path) -> None:
    play(case, tmp_path)
