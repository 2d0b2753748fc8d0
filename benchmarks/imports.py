"""What an import statement costs once its module is loaded: watched, unwatched, and without any probe."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import ssot_probe
from benchmarks.alone import Effort
from benchmarks.progress import Progress
from benchmarks.readings import Goal, Reading
from benchmarks.rounds import Timings, Variant, time_laps
from benchmarks.written_package import importable
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.settings import Settings

GROUP = "import of a loaded module"

INDISTINGUISHABLE = Goal(0.95, 1.05)

WATCHED, UNWATCHED, STANDARD = "watched", "unwatched", "standard library"

POLICY = Policy(
    packages=("bench_imports",),
    concepts=(Concept(name="thing", classes=("Thing",), legacy=("bench_imports.watched",)),),
)

_LOOPS = """
def whole(count):
    for _ in range(count):
        import {module}


def name(count):
    for _ in range(count):
        from {module} import {attribute}
"""

_MODULES = {
    WATCHED: ("bench_imports.watched", "VALUE"),
    UNWATCHED: ("bench_imports.unwatched", "VALUE"),
    STANDARD: ("string", "digits"),
}

FILES = {
    "bench_imports/__init__.py": "",
    "bench_imports/watched.py": "VALUE = 1\n",
    "bench_imports/unwatched.py": "VALUE = 1\n",
    **{
        f"bench_{kind.partition(' ')[0]}.py": _LOOPS.format(module=module, attribute=attribute)
        for kind, (module, attribute) in _MODULES.items()
    },
}

FORMS = {"whole": "import m", "name": "from m import X"}


def measure(effort: Effort) -> list[Reading]:
    """Start and stop the probe again and again, and time the same statements with it and without."""
    with importable(FILES), TemporaryDirectory(prefix="ssot-probe-bench-") as recordings:
        settings = Settings(directory=recordings, exporters=("file",))
        loops = _loops()
        with Progress(GROUP, effort.rounds) as progress:
            found = [_round(loops, settings, progress) for _ in range(effort.rounds)]
    timings = Timings({name: [one[name] for one in found] for name in found[0]})
    return [reading for form in FORMS for reading in _readings(timings, form)]


def _round(loops: Mapping[str, Variant], settings: Settings, progress: Progress) -> dict[str, float]:
    """Time the loops between two stretches without a probe, so that a drift of the machine cancels out."""
    before = time_laps(loops)
    with ssot_probe.start(POLICY, settings) as probe:
        probe.flush()
        with_probe = time_laps(loops)
    after = time_laps(loops)
    progress.step()
    if probe.losses.by_reason():
        raise RuntimeError(f"the probe lost records: {probe.losses.by_reason()}")
    without = {f"{name}, no probe": (before[name] + after[name]) / 2 for name in loops}
    return {**with_probe, **without}


def _readings(found: Timings, form: str) -> list[Reading]:
    return [
        Reading(
            GROUP,
            f"{FORMS[form]}, {kind} / no probe",
            found.ratio(f"{form} {kind}", f"{form} {kind}, no probe"),
            INDISTINGUISHABLE,
        )
        for kind in (UNWATCHED, STANDARD)
    ] + [
        Reading(
            GROUP,
            f"{FORMS[form]}, {WATCHED}: added",
            found.added(f"{form} {WATCHED}", f"{form} {WATCHED}, no probe"),
            unit="ns",
        )
    ]


def _loops() -> dict[str, Variant]:
    loops: dict[str, Any] = {}
    for kind in _MODULES:
        module = import_module(f"bench_{kind.partition(' ')[0]}")
        for form in FORMS:
            loops[f"{form} {kind}"] = getattr(module, form)
    return loops
