"""How much of each concept a recording saw at work: without instances and users, silence says little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.recording import Recording


class Coverage(NamedTuple):
    """What was seen of one concept."""

    concept: str
    declared: bool
    isolation: str
    classes: int
    constructed: int  # instances
    users: int
    is_at_least: bool  # processes hash users with different keys: the most that one key's processes saw


def coverage(recording: Recording, concepts: Sequence[Members]) -> tuple[Coverage, ...]:
    """Return what was seen of each concept that is declared, or that a class plays after all."""
    return tuple(
        _of_concept(recording, members) for members in concepts if members.concept.declared or members.judged
    )


def _of_concept(recording: Recording, members: Members) -> Coverage:
    names = {cls.name for cls in members.judged}
    users: Counter[str] = Counter()
    for (key, classes), count in recording.users.items():
        if not names.isdisjoint(classes):
            users[key] += count
    return Coverage(
        members.concept.name,
        members.concept.declared,
        members.concept.isolation,
        len(members.counted),
        sum(recording.constructed.get(cls, 0) for cls in members.judged),
        max(users.values(), default=0),
        len(users) > 1,
    )
