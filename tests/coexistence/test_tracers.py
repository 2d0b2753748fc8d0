"""Profilers, tracers and strict interpreters: what they say of the application stays as it is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from coexistence.support.application import FILES
from coexistence.support.cases import Case, parameters, play
from coexistence.support.compare import alone, assert_seen, beside
from coexistence.support.environments import Environment
from support.children import Run

ISOLATED = {
    **FILES,
    "main.py": FILES["main.py"].replace(
        "import threading", "import os, sys, threading; sys.path.insert(0, os.getcwd())"
    ),
}
"""The interpreter does not look in the directory of the program itself."""


def ran(
    *command: str,
    options: tuple[str, ...] = (),
    files: Any = FILES,
    measure: Callable[[Path, Run], Any] = lambda directory, run: None,
    steady: Callable[[str], str] = lambda text: text,
    is_main_seen: bool = True,
    **more: str,
) -> Any:
    """Play the program under something."""

    def in_this_way(directory: Path, environment: Environment) -> None:
        done, found = beside(
            directory,
            environment,
            *command,
            files=files,
            measure=measure,
            steady=steady,
            options=options,
            more=more,
        )
        assert done.code == 0, done.stderr
        expected = alone(environment.python)
        if not is_main_seen:  # the program is run as a module of the profiler's making
            modules = [each for each in expected.modules if each[0] != "__main__"]
            findings = {**expected.findings, ("SSOT906", "main"): 1}
            expected = expected._replace(modules=modules, findings=findings)
        assert_seen(found, expected)

    return in_this_way


def profiled(directory: Path, run: Run) -> Any:
    """Return how often each of the application's functions was called, in the thread that is profiled.

    Since 3.12 a call is counted twice now and then where somebody begins to listen to its code meanwhile.
    """
    import pstats

    def number(count: int) -> int:
        return count if sys.version_info < (3, 12) else min(count, 1)

    found: Any = pstats.Stats(str(directory / "profile"))
    return sorted(
        (Path(file).name, name, number(counts[1]))
        for (file, _, name), counts in found.stats.items()
        if str(directory) in file
    )


def traced(directory: Path, run: Run) -> Any:
    """Return how often each line was run."""
    covers = sorted((directory / "covers").glob("*.cover"))
    own = f".{directory.name}.shop"
    return [(file.name.rpartition(own)[2], file.read_text()) for file in covers if own in file.name]


def _without_imports(text: str) -> str:
    """Leave out what the interpreter says of each import: there are ours among them, and times."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("import time:"))


SWITCHING = FILES["main.py"].replace(
    '    work("anna")',
    """\
    import sys
    calls = []
    def note(frame, event, argument):
        if event == "call" and "shop" in frame.f_code.co_filename:
            calls.append(frame.f_code.co_name)
    sys.{function}(note)
    work("anna")
    sys.{function}(None)
    print(sys.get{name}(), calls.count("serve"), calls.count("total"), calls.count("__init__"))""",
)

MONITORED = FILES["main.py"].replace(
    '    work("anna")',
    """\
    import sys
    monitoring, calls = sys.monitoring, []
    def started(code, offset):
        if "shop" in code.co_filename:
            calls.append(code.co_name)
    for tool in range(6):
        if monitoring.get_tool(tool) is None:
            monitoring.use_tool_id(tool, f"tool {tool}")
            monitoring.register_callback(tool, monitoring.events.PY_START, started)
            monitoring.set_events(tool, monitoring.events.PY_START)
            break
    work("anna")
    monitoring.set_events(tool, 0)
    monitoring.restart_events()
    monitoring.free_tool_id(tool)
    print(calls.count("serve"), calls.count("total"), calls.count("__init__"))""",
)

CROWDED = """\
    import sys
    for tool in (3, 4):
        sys.monitoring.use_tool_id(tool, f"tool {tool}")
    """


def crowded(directory: Path, environment: Environment) -> None:
    """Play with all places of sys.monitoring taken before the probe needs one."""
    files = {**FILES, "first.py": CROWDED, "main.py": "    import first\n" + FILES["main.py"]}
    done, found = beside(directory, environment, "main.py", files=files)
    assert done.code == 0, done.stderr
    assert found.verdicts["shop.old"] in ("LIVE", "VOID")
    assert found.findings["SSOT301", "shop.manager:OrderManager"] == 1
    assert found.verdicts["shop.shelf"] in ("VOID", "LOADED-BUT-UNUSED", "INSUFFICIENT")
    assert found.blind or found.void or found.verdicts["shop.shelf"] == "INSUFFICIENT"


SAME = "output, exit code; the recording"

WAYS: list[Any] = [
    (
        "cProfile",
        "-m cProfile",
        ran("-m", "cProfile", "-o", "profile", "main.py", measure=profiled, is_main_seen=False),
        {},
    ),
    # On 3.10 wrapt cannot be loaded while Python code traces.
    (
        "profile",
        "-m profile",
        ran("-m", "profile", "-o", "profile", "main.py", measure=profiled, is_main_seen=False),
        {"since": (3, 11)},
    ),
    (
        "trace",
        "-m trace --count",
        ran(
            "-m",
            "trace",
            "--count",
            "-C",
            "covers",
            "--missing",
            "main.py",
            measure=traced,
            is_main_seen=False,
        ),
        {"since": (3, 11)},
    ),
    (
        "interpreter",
        "-X importtime",
        ran(options=("-X", "importtime"), steady=_without_imports),
        {"is_thin": True},
    ),
    ("interpreter", "-X dev -W error", ran(options=("-X", "dev", "-W", "error")), {"is_thin": True}),
    ("interpreter", "-X faulthandler -bb", ran(options=("-X", "faulthandler", "-bb")), {}),
    ("interpreter", "-I", ran(options=("-I",), files=ISOLATED), {"needs_start_up": True}),
    ("tracemalloc", "PYTHONTRACEMALLOC=5", ran(PYTHONTRACEMALLOC="5"), {}),
    (
        "sys.setprofile",
        "on and off",
        ran(files={**FILES, "main.py": SWITCHING.format(function="setprofile", name="profile")}),
        {"is_thin": True},
    ),
    (
        "sys.settrace",
        "on and off",
        ran(files={**FILES, "main.py": SWITCHING.format(function="settrace", name="trace")}),
        {"is_thin": True},
    ),
    (
        "sys.monitoring",
        "another tool, events begun again",
        ran(files={**FILES, "main.py": MONITORED}),
        {"since": (3, 12), "is_thin": True},
    ),
    ("sys.monitoring", "no place left", crowded, {"since": (3, 12), "is_thin": True}),
]

LOSES = dict.fromkeys(("cProfile", "profile", "trace"), "definitions of the program itself")

CASES = [
    Case(
        neighbour,
        how,
        in_this_way,
        SAME,
        loses=LOSES.get(neighbour, "") or ("what is heard by events only" if how == "no place left" else ""),
        **{name: value for name, value in more.items() if name != "needs_start_up"},
    )
    for neighbour, how, in_this_way, more in WAYS
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_what_it_says_and_what_is_recorded_are_what_they_are_without_the_other(
    case: Case, tmp_path: Path
) -> None:
    if how_is_isolated(case) and not case.environment().has_start_up_file:
        pytest.skip("without the start-up file nothing starts the probe there")
    play(case, tmp_path)


def how_is_isolated(case: Case) -> bool:
    return case.how == "-I"
