"""How much of each concept a recording saw at work: without instances and users, silence says little."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.records import AccessRecord, ProcessRecord, SharingRecord


class Coverage(NamedTuple):
    """What was seen of one concept."""

    concept: str
    declared: bool
    isolation: str
    classes: int
    constructed: int  # instances
    users: int
    is_at_least: bool  # processes hash users with different keys: the most that one key's processes saw


class _Served(NamedTuple):
    cls: str
    key: str  # that the users are hashed with
    users: Sequence[str]


def coverage(recording: Recording, concepts: Sequence[Members]) -> tuple[Coverage, ...]:
    """Return what was seen of each concept that is declared, or that a class plays after all."""
    keys = {process: record.user_key for process, record in recording.of(ProcessRecord)}
    served = [
        _Served(record.cls, keys.get(process, ""), (record.user,))
        for process, record in recording.of(AccessRecord)
        if record.user
    ]
    served += [
        _Served(record.cls, keys.get(process, ""), record.users)
        for process, record in recording.of(SharingRecord)
    ]
    return tuple(
        _of_concept(recording, members, served)
        for members in concepts
        if members.concept.declared or members.judged
    )


def _of_concept(recording: Recording, members: Members, served: Sequence[_Served]) -> Coverage:
    names = {cls.name for cls in members.judged}
    users: dict[str, set[str]] = defaultdict(set)
    for cls, key, hashes in served:
        if cls in names:
            users[key].update(hashes)
    return Coverage(
        members.concept.name,
        members.concept.declared,
        members.concept.isolation,
        len(members.counted),
        sum(recording.constructed.get(cls, 0) for cls in members.judged),
        max((len(known) for known in users.values()), default=0),
        len(users) > 1,
    )
