"""Counts what became of the instances that were made for users: alive, released, or outliving their users.

Works on what the recorder takes from its buffer, so that nothing is added to the application's calls; when
an instance was freed is known from its weak reference.
"""

from __future__ import annotations

import gc
from array import array
from collections import defaultdict
from typing import NamedTuple

from ssot_probe.model.leaks import FEWEST_ORPHANS
from ssot_probe.observe.call_sites import CallSite
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
    site: CallSite

    @property
    def users(self) -> set[str]:
        """All users who had it."""
        return users_of(self.known)


def users_of(known: InstanceRef) -> set[str]:
    """Return all users who had an instance."""
    first, others = known.user, known.others
    return ({first} if first is not None else set()) | (others or set())


def last_use(known: InstanceRef) -> int:
    """Return when a method of an instance was called last, 0 for never."""
    use = known.use
    visits = [] if use is None else list(use.presences.values())
    return max(getattr(known, "touched", 0), *(visit.entered for visit in visits), 0)


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
    """The history of one class and maker, as far as it has been counted.

    Attributes:
        members: the living ones, in the order in which they were made.
        ordinals: the place of each of them among all that were made.
        newest: serial of the last one that was made.
        suspected_at: full garbage collections when there were first too many orphans.
    """

    def __init__(self) -> None:
        self.made = self.released = self.evicted = self.alive_then = self.newest = 0
        self.members: list[InstanceRef] = []
        self.ordinals = array("q")
        self.suspected_at = -1

    def takes(self, known: InstanceRef) -> None:
        """Count one more that was made."""
        self.made += 1
        self.newest = known.serial
        self.members.append(known)
        self.ordinals.append(self.made)

    def ended(self, serial: int, alive: int) -> None:
        """Count one that was freed, when so many were alive."""
        self.released += 1
        if serial != self.newest:
            self.evicted += 1
            self.alive_then = self.alive_then or alive

    def drop(self, gone: set[int]) -> None:
        """Let go of those with these serials."""
        kept = [
            (known, ordinal)
            for known, ordinal in zip(self.members, self.ordinals)
            if known.serial not in gone
        ]
        self.members = [known for known, _ in kept]
        self.ordinals = array("q", [ordinal for _, ordinal in kept])


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
        self._waiting: list[InstanceRef] = []  # not counted yet, as they are new, or nobody has had them
        self._followed = 0
        self._most_unsettled = MEMBERS_UNSETTLED
        self._groups: dict[Key, _Group] = defaultdict(_Group)
        for known in list(self._instances.by_id.values()):
            known.made = None

    def take(self, event: MakeEvent) -> None:
        """Take in one event, in the order in which they happened."""
        if event.user is not None:
            self.sightings.see(event.user, event.thread, event.task, event.time)
        known = event.instance
        site = event.site
        if known is None or site.outcome == "used" or site.cls.is_shareable:
            return
        made = known.made
        if made is None:
            if self._followed >= MOST_MEMBERS:
                return
            self._followed += 1
            self._waiting.append(known)
        elif site.outcome != "returned" or known.origin is not site.maker or made.maker is site.maker:
            return
        known.made = site
        if self._followed >= self._most_unsettled:
            self._settle()
            self._most_unsettled = MEMBERS_UNSETTLED + 2 * self._followed

    def may_leak(self) -> bool:
        """Are there so many instances of users that it is worth counting?"""
        alive = sum(1 for known in list(self._instances.by_id.values()) if known.user is not None)
        return alive >= FEWEST_ORPHANS

    def count(self, now: int) -> list[Count]:
        """Count all that was taken in until now, by class and maker."""
        self._settle()
        users: set[str] = set()
        for group in self._groups.values():
            for known in group.members:
                used = last_use(known)
                for user in users_of(known):
                    users.add(user)
                    self.sightings.use(user, used)
        over = self.sightings.over(users, now)
        collections = _full_collections()
        return [self._count(key, group, over, now, collections) for key, group in self._groups.items()]

    def _count(self, key: Key, group: _Group, over: set[str], now: int, collections: int) -> Count:
        half = group.made / 2
        orphans, earlier = [], 0
        for known, ordinal in zip(group.members, group.ordinals):
            if known.made is not None and over.issuperset(users_of(known)):
                orphans.append(Member(known, known.made))
                earlier += ordinal <= half
        if len(orphans) < FEWEST_ORPHANS:
            group.suspected_at = -1
        elif group.suspected_at < 0:
            group.suspected_at = collections
        seen = self.sightings.last_seen
        ages = sorted(now - max(seen(user) for user in member.users) for member in orphans)
        return Count(
            *key,
            *(group.made, group.released, group.evicted, group.alive_then, len(group.members)),
            orphans=tuple(orphans),
            users=frozenset(user for member in orphans for user in member.users),
            earlier=earlier,
            ages=tuple(ages),
            is_collected=0 <= group.suspected_at < collections,
        )

    def _settle(self) -> None:
        """Go through what has been made and freed since the last time, in the order in which it was."""
        moments: list[
            tuple[int, int, int, InstanceRef, _Group]
        ] = []  # no two alike in when, 1 for the end, and serial
        waiting = []
        for known in self._waiting:
            freed = known.released
            if known.user is not None and known.made is not None:
                group = self._groups[known.made.cls, known.made.maker.name]
                moments.append((known.serial, 0, known.serial, known, group))
                if freed:
                    moments.append((freed, 1, known.serial, known, group))
            elif freed:  # and nobody has had it
                self._followed -= 1
            else:
                waiting.append(known)
        self._waiting = waiting
        alive: dict[_Group, int] = {}
        for group in self._groups.values():
            alive[group] = len(group.members)
            for known in group.members:
                freed = known.released
                if freed:
                    moments.append((freed, 1, known.serial, known, group))
        gone: dict[_Group, set[int]] = defaultdict(set)
        for _, is_end, serial, known, group in sorted(moments):
            if is_end:
                group.ended(serial, alive[group])
                alive[group] -= 1
                gone[group].add(serial)
            else:
                group.takes(known)
                alive[group] += 1
        for group, serials in gone.items():
            group.drop(serials)
            self._followed -= len(serials)


def _full_collections() -> int:
    """Return how many collections of all generations there have been."""
    return int(gc.get_stats()[-1]["collections"])
