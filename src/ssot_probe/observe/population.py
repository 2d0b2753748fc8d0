"""Counts what became of the instances that were made for users: alive, released, or outliving their users.

Works on what the recorder takes from its buffer, so that nothing is added to the application's calls; when
an instance was freed is known from its weak reference.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Sequence
from types import CodeType
from typing import NamedTuple

from ssot_probe.model.leaks import FEWEST_ORPHANS
from ssot_probe.observe.instances import InstanceRef, InstanceTable
from ssot_probe.observe.makers import MakeEvent, ObservedClass
from ssot_probe.observe.sightings import Sightings

MOST_MEMBERS = 200_000
"""Instances that are followed at once; of those beyond, nothing is said."""

MEMBERS_UNSETTLED = 1_000
"""Instances that are followed before those that are no more are let go."""

Key = tuple[ObservedClass, str]
"""A class, and the maker that first handed its instances out or else constructed them."""


class Member(NamedTuple):
    """An instance that is followed."""

    known: InstanceRef
    cls: ObservedClass
    maker: str
    code: CodeType  # of who called the maker
    offset: int

    @property
    def users(self) -> set[str]:
        """All users who had it."""
        first, others = self.known.user, self.known.others
        return ({first} if first is not None else set()) | (others or set())

    @property
    def last_use(self) -> int:
        """When a method of it was called last, 0 for never."""
        use = self.known.use
        visits = [] if use is None else list(use.presences.values())
        return max(getattr(self.known, "touched", 0), *(visit.entered for visit in visits), 0)


class Count(NamedTuple):
    """What became of the instances of one class and maker, as `PopulationRecord` says it."""

    cls: ObservedClass
    maker: str
    made: int
    released: int
    evicted: int
    alive_then: int
    alive: int
    orphans: tuple[Member, ...]
    users: frozenset[str]  # of the orphans
    earlier: int
    ages: tuple[int, ...]  # of the orphans, in order
    is_collected: bool
    pause: int = 0
    held: int = -1
    bound: int = 0
    told: int = 0  # serial of the orphan whose holder is told


class _Group:
    """The history of one class and maker, as far as it has been counted."""

    def __init__(self) -> None:
        self.made = self.released = self.evicted = self.alive_then = 0
        self.ordinals: dict[int, int] = {}  # serial of a living instance -> its place among those made
        self.suspected_at = -1  # full garbage collections when there were first too many orphans


class Population:
    """All instances that were made for users.

    Args:
        instances: which of them are alive.
    """

    def __init__(self, instances: InstanceTable) -> None:
        self._instances = instances
        self.forget()

    def forget(self) -> None:
        """Be as new: a forked child has made nothing yet."""
        self.sightings = Sightings()
        self._members: dict[int, Member] = {}
        self._most_unsettled = MEMBERS_UNSETTLED
        self._counted: dict[int, Key] = {}
        self._groups: dict[Key, _Group] = defaultdict(_Group)

    def take(self, event: MakeEvent) -> None:
        """Take in one event, in the order in which they happened."""
        if event.user is not None:
            self.sightings.see(event.user, event.thread, event.task, event.time)
        known = event.instance
        if known is None or event.outcome == "used" or event.cls.is_shareable:
            return
        member = self._members.get(known.serial)
        if member is None:
            if len(self._members) >= MOST_MEMBERS:
                return
        elif (
            event.outcome != "returned" or known.origin is not event.maker or member.maker == event.maker.name
        ):
            return
        self._members[known.serial] = Member(known, event.cls, event.maker.name, event.code, event.offset)
        if len(self._members) >= self._most_unsettled:
            self._settle()
            self._most_unsettled = MEMBERS_UNSETTLED + 2 * len(self._members)

    def may_leak(self) -> bool:
        """Are there so many instances of users that it is worth counting?"""
        alive = sum(1 for known in list(self._instances.by_id.values()) if known.user is not None)
        return alive >= FEWEST_ORPHANS

    def count(self, now: int) -> list[Count]:
        """Count all that was taken in until now, by class and maker."""
        self._settle()
        alive: dict[Key, list[Member]] = defaultdict(list)
        for serial, key in self._counted.items():
            alive[key].append(self._members[serial])
        for members in alive.values():
            for member in members:
                for user in member.users:
                    self.sightings.use(user, member.last_use)
        users = {user for members in alive.values() for member in members for user in member.users}
        over = self.sightings.over(users, now)
        collections = _full_collections()
        return [
            self._count(key, group, alive.get(key, ()), over, now, collections)
            for key, group in self._groups.items()
        ]

    def _count(
        self, key: Key, group: _Group, alive: Sequence[Member], over: set[str], now: int, collections: int
    ) -> Count:
        orphans = [member for member in alive if over.issuperset(member.users)]
        if len(orphans) < FEWEST_ORPHANS:
            group.suspected_at = -1
        elif group.suspected_at < 0:
            group.suspected_at = collections
        seen = self.sightings.last_seen
        ages = sorted(now - max(seen(user) for user in member.users) for member in orphans)
        half = group.made / 2
        return Count(
            *key,
            *(group.made, group.released, group.evicted, group.alive_then, len(alive)),
            orphans=tuple(orphans),
            users=frozenset(user for member in orphans for user in member.users),
            earlier=sum(1 for member in orphans if group.ordinals[member.known.serial] <= half),
            ages=tuple(ages),
            is_collected=0 <= group.suspected_at < collections,
        )

    def _settle(self) -> None:
        """Go through what has been made and freed since the last time, in the order in which it was."""
        moments: list[
            tuple[int, int, int]
        ] = []  # (serial of the newest instance then, 1 for the end, serial)
        for serial, member in list(self._members.items()):
            freed: int = getattr(member.known, "released", 0)
            if serial not in self._counted:
                if not member.users:  # nobody has had it
                    if freed:
                        del self._members[serial]
                    continue
                moments.append((serial, 0, serial))
            if freed:
                moments.append((freed, 1, serial))
        for _, is_end, serial in sorted(moments):
            if is_end:
                self._ended(serial)
            else:
                member = self._members[serial]
                self._counted[serial] = (member.cls, member.maker)
                group = self._group_of(serial)
                group.made += 1
                group.ordinals[serial] = group.made

    def _ended(self, serial: int) -> None:
        group = self._group_of(serial)
        alive, ordinal = len(group.ordinals), group.ordinals.pop(serial)
        del self._members[serial], self._counted[serial]
        group.released += 1
        if ordinal < group.made:
            group.evicted += 1
            group.alive_then = group.alive_then or alive

    def _group_of(self, serial: int) -> _Group:
        return self._groups[self._counted[serial]]


def _full_collections() -> int:
    """Return how many collections of all generations there have been."""
    return int(gc.get_stats()[-1]["collections"])
