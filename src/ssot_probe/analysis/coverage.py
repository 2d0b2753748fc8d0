"""How much of each concept a recording saw at work: without instances and users, silence says little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.records import AccessRecord, SharingRecord


class Coverage(NamedTuple):
    """What was seen of one concept."""

    concept: str
    declared: bool
    classes: int
    constructed: int  # instances
    users: int


def coverage(recording: Recording, concepts: Sequence[Members]) -> tuple[Coverage, ...]:
    """Return what was seen of each concept."""
    accesses = [(record.cls, (record.user,)) for _, record in recording.of(AccessRecord) if record.user]
    shared = [(record.cls, record.users) for _, record in recording.of(SharingRecord)]
    return tuple(_of_concept(recording, members, [*accesses, *shared]) for members in concepts)


def _of_concept(
    recording: Recording, members: Members, served: Sequence[tuple[str, Sequence[str]]]
) -> Coverage:
    names = {cls.name for cls in members.judged}
    return Coverage(
        members.concept.name,
        members.concept.declared,
        len(members.counted),
        sum(recording.constructed.get(cls, 0) for cls in members.judged),
        len({user for cls, users in served if cls in names for user in users}),
    )
