"""Looks, when the process ends, whether instances have outlived their users' work, and what holds them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from time import monotonic, perf_counter_ns, time_ns
from typing import Any, Union

from ssot_probe.model.instance_records import HolderRecord
from ssot_probe.model.leaks import FEWEST_ORPHANS, is_growing
from ssot_probe.observe.heap import count_objects
from ssot_probe.observe.holding import IsFirstParty, search
from ssot_probe.observe.population import Count, Population

SECONDS = 0.5
"""How long all searches for what holds instances may take."""

MOST_OBJECTS = 1_000_000
"""Heap size up to which a garbage collection is forced."""


def outlived(
    population: Population, ended: int, process: str, is_first_party: IsFirstParty
) -> Iterator[Union[Count, HolderRecord]]:
    """Yield what became of the instances of users, and what holds those that outlived their users' work.

    Args:
        population: into which everything has been taken that was seen.
        ended: when the program came to its end.
        process: unique prefix for the ids of instances.
        is_first_party: tells the application's modules.
    """
    counts = population.count(ended)
    pause = 0
    if any(is_growing(len(count.orphans), len(count.users)) for count in counts):
        pause = _collect()
        counts = population.count(ended)
    deadline = monotonic() + SECONDS
    for count in sorted(counts, key=lambda count: -len(count.orphans)):
        seconds = deadline - monotonic()
        if pause and seconds > 0 and is_growing(len(count.orphans), len(count.users)):
            known = count._replace(pause=pause, is_collected=True)
            yield from _explained(known, process, is_first_party, seconds)
        elif count.made >= FEWEST_ORPHANS:
            yield count


def _collect() -> int:
    """Collect all garbage; return how many nanoseconds that took, 0 where there is too much to go through."""
    if count_objects() > MOST_OBJECTS:
        return 0
    started = perf_counter_ns()
    gc.collect()
    return max(1, perf_counter_ns() - started)


def _explained(
    count: Count, process: str, is_first_party: IsFirstParty, seconds: float
) -> Iterator[Union[Count, HolderRecord]]:
    instances: dict[int, Any] = {}
    for member in count.orphans:
        instance = member.known()
        if instance is not None:
            instances[member.known.serial] = instance
    found = search(instances, is_first_party, seconds)
    told = min(found.paths, default=0)
    yield count._replace(held=len(found.held), bound=found.bound, told=told)
    if told:
        yield HolderRecord(f"{process}-{told}", count.cls.name, found.paths[told], time_ns())
