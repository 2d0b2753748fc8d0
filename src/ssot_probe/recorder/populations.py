"""Tells now and then what became of the instances that were made for users."""

from __future__ import annotations

from collections.abc import Iterator
from time import time_ns

from ssot_probe.model.leaks import FEWEST_ORPHANS
from ssot_probe.model.records import NOWHERE, PopulationRecord
from ssot_probe.observe.population import Count, Population
from ssot_probe.recorder.pacing import is_due
from ssot_probe.recorder.places import Places

SHARE = 100
"""Counting may take a hundredth of the time: after one, nothing is counted for so many times as long."""


class PopulationLedger:
    """Turns counts into records.

    Args:
        process: unique prefix for the ids of instances.
        places: turns code and offsets into places.
        population: what is counted.

    Attributes:
        take: takes in one event.
    """

    def __init__(self, process: str, places: Places, population: Population) -> None:
        self._process = process
        self._places = places
        self._population = population
        self._next = 0
        self._told: dict[tuple[str, str], tuple[PopulationRecord, int]] = {}  # with the time of the first
        self.take = population.take

    def due(self, now: int) -> Iterator[PopulationRecord]:
        """Yield what has changed since it was told, where enough instances were made to speak of it.

        Like any fact that grows, it is told ever more seldom as it ages.
        """
        if now < self._next:
            return
        started = time_ns()
        for count in self._population.count(now):
            record = self.record(count, now)
            key = (record.cls, record.maker)
            told, first = self._told.get(key, (None, now))
            if count.made < FEWEST_ORPHANS or _is_same(told, record):
                continue
            if told is None or is_due(now, first, told.time, is_quiet=False):
                self._told[key] = (record, first)
                yield record
        self._next = now + SHARE * (time_ns() - started)

    def record(self, count: Count, now: int) -> PopulationRecord:
        """Return a count as a record."""
        first = min(count.orphans, key=lambda member: member.known.serial, default=None)
        return PopulationRecord(
            concept=count.cls.concept.name,
            cls=count.cls.name,
            maker=count.maker,
            made=count.made,
            gone=count.released,
            alive=count.alive,
            evicted=count.evicted,
            alive_then=count.alive_then,
            orphans=len(count.orphans),
            orphan_users=len(count.users),
            orphans_earlier=count.earlier,
            oldest=count.ages[-1] if count.ages else 0,
            median=count.ages[len(count.ages) // 2] if count.ages else 0,
            is_collected=count.is_collected,
            pause=count.pause,
            held=count.held,
            bound=count.bound,
            instance=f"{self._process}-{count.told}" if count.told else "",
            site=NOWHERE if first is None else self._places.site(first.site.code, first.site.offset),
            time=now,
        )


def _is_same(told: PopulationRecord | None, record: PopulationRecord) -> bool:
    """Does the record say nothing new? Everything grows older."""
    return told is not None and told._replace(time=0, oldest=0, median=0) == record._replace(
        time=0, oldest=0, median=0
    )
