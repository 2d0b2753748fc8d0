"""How far the looks at shared references went, and what they saw that is no finding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from ssot_probe.analysis.coverage import Coverage
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.records import LookRecord, SharedObjectRecord
from ssot_probe.model.sharing import REFERENCES, place_of

MOST_LISTED = 50

LOOKED_AT = ("partitioned", "resource", "unchanged", "seen-once")
"""Verdicts that are no finding, what says most first: one look alone cannot tell whether a thing changes."""


class SharedPlace(NamedTuple):
    """Something that users share and may."""

    path: str
    type: str
    verdict: str
    users: int


class Looks(NamedTuple):
    """The looks of all processes."""

    count: int  # type: ignore[assignment]
    users: int  # who had instances, of concepts whose instances are not for everybody
    users_seen: int  # of these, whose instances were in a look: the others' were gone before
    objects: int
    longest_pause: int  # nanoseconds for which a look kept the interpreter to itself
    stopped: tuple[str, ...]  # why some ended early, where none after them was complete
    shared: tuple[SharedPlace, ...]  # what was looked at and is no finding


def looks_of(recording: Recording, concepts: Sequence[Coverage]) -> Looks:
    """Add the looks of a recording up.

    Args:
        recording: what was recorded.
        concepts: what was seen of each concept, for the users of a recording without looks.
    """
    users: dict[str, int] = defaultdict(int)
    seen: dict[str, int] = defaultdict(int)
    records = recording.of(LookRecord)
    for process, record in records:
        users[process] = max(users[process], record.users)
        seen[process] = max(seen[process], record.users_seen)
    known = max((concept.users for concept in concepts if concept.isolation != "process"), default=0)
    return Looks(
        count=sum(record.count for _, record in records),
        users=sum(users.values()) if records else known,
        users_seen=sum(seen.values()),
        objects=sum(record.objects for _, record in records),
        longest_pause=max(
            (record.longest_slice for _, record in records if record.trigger != "end"), default=0
        ),
        stopped=_stopped(records),
        shared=tuple(_shared(recording)[:MOST_LISTED]),
    )


def _stopped(records: Sequence[tuple[str, LookRecord]]) -> tuple[str, ...]:
    complete: dict[str, int] = defaultdict(int)
    for process, record in records:
        if not record.stopped:
            complete[process] = max(complete[process], record.time)
    late = [record for process, record in records if record.time > complete[process]]
    return tuple(sorted({record.stopped for record in late if record.stopped}))


def _shared(recording: Recording) -> list[SharedPlace]:
    """Return what is no finding, each place with the worst that any look saw there."""
    worst: dict[tuple[str, str], SharedPlace] = {}
    found: set[str] = set()
    for _, record in recording.of(SharedObjectRecord):
        path = place_of(record.paths, record.holder)
        place = SharedPlace(path, record.type, record.verdict, max(record.user_count, record.data_of))
        if record.verdict in REFERENCES:
            found.add(path)
        elif _rank(place) < _rank(worst.get((path, record.type), place._replace(verdict=""))):
            worst[path, record.type] = place
    return sorted(place for place in worst.values() if place.path not in found)


def _rank(place: SharedPlace) -> tuple[int, int]:
    known = place.verdict in LOOKED_AT
    return LOOKED_AT.index(place.verdict) if known else len(LOOKED_AT), -place.users
