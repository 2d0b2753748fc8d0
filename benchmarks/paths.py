"""What a call of watched code costs once it was heard, and what one of the code beside it costs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from tempfile import TemporaryDirectory
from types import ModuleType

from benchmarks.alone import Effort
from benchmarks.progress import Progress
from benchmarks.readings import Reading, at_most
from benchmarks.rounds import Timings, take_turns
from benchmarks.written_package import importable
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.observe.legacy_makers import MOST_TRIALS
from ssot_probe.probe import Probe, start
from ssot_probe.settings import Settings

GROUP = "watched path"

NANOSECONDS_ADDED = at_most(5) if sys.version_info >= (3, 12) else None
"""Before, there are wrappers, which still pass calls on."""

WATCHED, NAMED, BESIDE, BARE = "watched", "named", "beside", "bare"

POLICY = Policy(
    packages=("bench_paths",),
    concepts=(
        Concept(
            name="none",
            classes=("NoSuchClass",),
            legacy=(
                "bench_paths.watched",
                *(f"bench_paths.named:{name}" for name in ("function", "later", "Plain", "WithoutInit")),
            ),
        ),
    ),
)

_MODULES = {
    WATCHED: "bench_paths.watched",
    NAMED: "bench_paths.named",
    BESIDE: "bench_paths.beside",
    BARE: "bench_bare",
}

_DEFINITIONS = """
def function(value):
    return value


async def later(value):
    return value


class Plain:
    def __init__(self, value):
        self.value = value

    def method(self):
        return self.value


class WithoutInit:
    pass
"""

_LOOPS = """
from {module} import Plain, WithoutInit, function, later


def calls(count):
    for _ in range(count):
        function(1)


def coroutines(count):
    for _ in range(count):
        try:
            later(1).send(None)
        except StopIteration:
            pass


def methods(count):
    method = Plain(1).method
    for _ in range(count):
        method()


def constructions(count):
    for _ in range(count):
        Plain(1)


def without_init(count):
    for _ in range(count):
        WithoutInit()
"""

FILES = {
    "bench_paths/__init__.py": "",
    "bench_paths/watched.py": _DEFINITIONS,
    "bench_paths/named.py": _DEFINITIONS,
    "bench_paths/beside.py": _DEFINITIONS,
    "bench_bare.py": _DEFINITIONS,
    **{f"bench_path_loops_{kind}.py": _LOOPS.format(module=module) for kind, module in _MODULES.items()},
}

LOOPS = {
    "calls": "call of a function",
    "coroutines": "call of an async function",
    "methods": "call of a method",
    "constructions": "construction",
    "without_init": "construction of a class without __init__",
}


def measure(effort: Effort) -> list[Reading]:
    """Compare code that is watched, that lies beside it, and that the probe never sees."""
    with importable(FILES), TemporaryDirectory(prefix="ssot-probe-bench-") as recordings:
        probe = start(POLICY, Settings(directory=recordings, exporters=("file",)))
        try:
            loops = {kind: import_module(f"bench_path_loops_{kind}") for kind in _MODULES}
            readings = [reading for loop in LOOPS for reading in _compared(probe, loops, loop, effort)]
        finally:
            probe.stop()
    return readings


def _compared(probe: Probe, loops: dict[str, ModuleType], loop: str, effort: Effort) -> Iterator[Reading]:
    found = _timings(probe, {kind: getattr(module, loop) for kind, module in loops.items()}, loop, effort)
    what = LOOPS[loop]
    goal = NANOSECONDS_ADDED if loop != "coroutines" else None  # what is made is heard by a wrapper
    yield Reading(GROUP, f"{what}, heard before", found.added(WATCHED, BARE), goal, "ns")
    yield Reading(GROUP, f"{what}, heard before, named itself", found.added(NAMED, BARE), goal, "ns")
    yield Reading(GROUP, f"{what}, not watched", found.added(BESIDE, BARE), at_most(5), "ns")


def _timings(probe: Probe, variants: dict[str, object], loop: str, effort: Effort) -> Timings:
    def settle() -> None:
        probe.flush(10)

    for run in variants.values():
        while sys.gettrace() is not None:  # the probe still follows the lines of the main module
            run(1000)  # type: ignore[operator]
        run(MOST_TRIALS)  # type: ignore[operator]  # a function that is named itself may be a maker until then
    with Progress(LOOPS[loop], effort.rounds) as progress:
        return take_turns(variants, effort.rounds, progress, settle)  # type: ignore[arg-type]
