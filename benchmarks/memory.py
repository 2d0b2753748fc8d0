"""What the probe remembers: of each instance that is alive, and of those that are gone."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from benchmarks import shop
from benchmarks.alone import Effort
from benchmarks.construction import observed
from benchmarks.progress import Progress
from benchmarks.readings import Reading, at_most, spread_of
from benchmarks.written_package import importable
from ssot_probe.context.current import bind_user
from ssot_probe.probe import Probe

GROUP = "memory"

BYTES_PER_INSTANCE = at_most(250)
PER_RELEASED = at_most(0.5)

ALIVE = 10_000
RELEASED, RELEASED_QUICKLY = 1_000_000, 100_000
AT_ONCE = 5_000
"""Instances between two waits for the pump, so that what waits there is not taken for what is remembered."""


def measure(effort: Effort) -> list[Reading]:
    """Count the bytes of what stays, with everything that waited written down."""
    with importable(shop.FILES), observed() as probe:
        module: Any = import_module(shop.MODULE)
        makers = {"no user known": None, "of one user": "somebody"}
        readings = [
            Reading(
                GROUP,
                f"bytes per live instance, {what}",
                spread_of([_alive(module, probe, user) for _ in range(3)]),
                BYTES_PER_INSTANCE,
                unit="B",
            )
            for what, user in makers.items()
        ]
        count = RELEASED if effort.pairs > 2 else RELEASED_QUICKLY
        what = f"bytes per released instance, over {count:,}"
        spread = spread_of([_released(module, probe, count)])
        readings.append(Reading(GROUP, what, spread, PER_RELEASED, unit="B"))
    return readings


def _alive(module: Any, probe: Probe, user: str | None) -> float:
    def grown(make: Callable[[str, int], object]) -> float:
        with bind_user(user), _traced(probe) as traced:
            before = traced()
            kept = [make("a name", 7) for _ in range(ALIVE)]
            after = traced()
            del kept
        return (after - before) / ALIVE

    grown(module.RecordedThing)  # places, tables and threads are there from now on
    return grown(module.RecordedThing) - grown(module.BareThing)


def _released(module: Any, probe: Probe, count: int) -> float:
    with bind_user("somebody"), _traced(probe) as traced, Progress("released", count // AT_ONCE) as progress:
        tenth = 0
        for number in range(count // AT_ONCE):
            for _ in range(AT_ONCE):
                module.RecordedThing("a name", 7)
            probe.flush(10)
            progress.step()
            if number == count // AT_ONCE // 10:
                tenth = traced()
        return (traced() - tenth) / (count * 9 // 10)


@contextmanager
def _traced(probe: Probe) -> Iterator[Callable[[], int]]:
    """Give a function that returns how many bytes are in use once nothing waits."""

    def traced() -> int:
        probe.flush(10)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        yield traced
    finally:
        tracemalloc.stop()
