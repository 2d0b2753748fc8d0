"""What an import statement costs once its module is loaded: watched, unwatched, and without any probe."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from tempfile import TemporaryDirectory
from time import perf_counter_ns

from benchmarks.alone import Effort
from benchmarks.progress import Progress
from benchmarks.readings import Goal, Reading, at_most
from benchmarks.rounds import WARM_UP, Timings, Variant, time_laps, timings_of
from benchmarks.written_package import importable
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.probe import start
from ssot_probe.settings import Settings

GROUP = "import of a loaded module"

INDISTINGUISHABLE = Goal(0.95, 1.05)
NANOSECONDS_ADDED = at_most(600) if sys.version_info >= (3, 12) else None
HOT_IMPORTS = 3_000_000
"""In one loop: long enough that the probe notices what it costs, and listens less."""

WATCHED, SIBLING, UNWATCHED, STANDARD = "watched", "sibling", "unwatched", "standard"

POLICY = Policy(
    packages=("bench_imports", "bench_unwatched"),
    concepts=(Concept(name="thing", classes=("Thing",), legacy=("bench_imports.watched",)),),
)

_MODULES = {
    WATCHED: "bench_imports.watched",
    SIBLING: "bench_imports.sibling",
    UNWATCHED: "bench_unwatched",
    STANDARD: "string",
}

_LOOPS = """
def whole(count):
    for _ in range(count):
        import {module}


def name(count):
    for _ in range(count):
        from {module} import digits
"""

FILES = {
    "bench_imports/__init__.py": "",
    "bench_imports/watched.py": "digits = 1\n",
    "bench_imports/sibling.py": "digits = 1\n",
    "bench_unwatched.py": "digits = 1\n",
    **{f"bench_loops_{kind}.py": _LOOPS.format(module=module) for kind, module in _MODULES.items()},
}

FORMS = {"whole": "import {}", "name": "from {} import X"}


def measure(effort: Effort) -> list[Reading]:
    """Start and stop the probe again and again, and time the same statements with it and without."""
    with importable(FILES), TemporaryDirectory(prefix="ssot-probe-bench-") as recordings:
        settings = Settings(directory=recordings, exporters=("file",))
        loops = _loops()
        with Progress(GROUP, effort.rounds) as progress:
            found = [_round(loops, settings, progress) for _ in range(effort.rounds)]
        with Progress("imports in a hot loop", effort.long_rounds) as progress:
            hot = [_hot_round(loops, settings, progress) for _ in range(effort.long_rounds)]
    return [
        *(reading for form in FORMS for reading in _readings(timings_of(found), form)),
        *_hot_readings(timings_of(hot)),
    ]


def _round(loops: Mapping[str, Variant], settings: Settings, progress: Progress) -> dict[str, float]:
    """Time the loops between two stretches without a probe, so that a drift of the machine cancels out."""
    before = time_laps(loops)
    with start(POLICY, settings) as probe:
        probe.flush()
        with_probe = time_laps(loops)
    after = time_laps(loops)
    progress.step()
    if probe.losses.by_reason():
        raise RuntimeError(f"the probe lost records: {probe.losses.by_reason()}")
    without = {f"{name}, no probe": (before[name] + after[name]) / 2 for name in loops}
    return {**with_probe, **without}


def _hot_round(loops: Mapping[str, Variant], settings: Settings, progress: Progress) -> dict[str, float]:
    """Time a hot loop between two halves without a probe."""
    hot = {f"{form} {WATCHED}": loops[f"{form} {WATCHED}"] for form in FORMS}
    before = {name: _time(run, HOT_IMPORTS // 2) for name, run in hot.items()}
    with start(POLICY, settings) as probe:
        probe.flush()
        with_probe = {name: _time(run, HOT_IMPORTS) for name, run in hot.items()}
    after = {name: _time(run, HOT_IMPORTS // 2) for name, run in hot.items()}
    progress.step()
    return {**with_probe, **{f"{name}, no probe": (before[name] + after[name]) / 2 for name in hot}}


def _time(run: Variant, count: int) -> float:
    started = perf_counter_ns()
    run(count)
    return (perf_counter_ns() - started) / count


def _hot_readings(found: Timings) -> Iterator[Reading]:
    for form, said in FORMS.items():
        ratio = found.ratio(f"{form} {WATCHED}", f"{form} {WATCHED}, no probe")
        what = f"{said.format('p.m')}, watched, {HOT_IMPORTS:,} times in a loop / no probe"
        yield Reading(GROUP, what, ratio)


def _readings(found: Timings, form: str) -> Iterator[Reading]:
    for kind, what in ((UNWATCHED, "first-party module"), (STANDARD, "standard library")):
        ratio = found.ratio(f"{form} {kind}", f"{form} {kind}, no probe")
        said = FORMS[form].format("m")
        yield Reading(GROUP, f"{said}, unwatched {what} / no probe", ratio, INDISTINGUISHABLE)
    said = FORMS[form].format("p.m")
    ratio = found.ratio(f"{form} {WATCHED}", f"{form} {WATCHED}, no probe")
    yield Reading(GROUP, f"{said}, watched / no probe", ratio)
    for kind, what, goal in (
        (WATCHED, "watched", NANOSECONDS_ADDED if form == "name" else None),
        (SIBLING, "unwatched, beside a watched one", None),
    ):
        added = found.added(f"{form} {kind}", f"{form} {kind}, no probe")
        yield Reading(GROUP, f"{said}, {what}: added", added, goal, unit="ns")


def _loops() -> dict[str, Variant]:
    loops: dict[str, Variant] = {}
    for kind in _MODULES:
        module = import_module(f"bench_loops_{kind}")
        for form in FORMS:
            loops[f"{form} {kind}"] = getattr(module, form)
    for run in loops.values():
        run(WARM_UP)
    return loops
