"""Adds events up into facts: exact counts for each, single instances only where they matter.

A fact is told when it is new, and again with what has been added (see `pacing`). An instance is told one by
one only while there are few of them, or once a second user got hold of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Optional

from ssot_probe.context.labels import task_label, thread_label
from ssot_probe.model.names import qualify
from ssot_probe.model.records import AccessRecord, MakeRecord, Record, SharingRecord
from ssot_probe.model.sharing import is_cross_user, sharing_severity
from ssot_probe.observe.call_sites import CallSite
from ssot_probe.observe.callers import Calls
from ssot_probe.observe.instances import NOT_CONSTRUCTED, Access, InstanceRef
from ssot_probe.observe.makers import MakeEvent, ObservedClass
from ssot_probe.recorder.allowance import Allowance
from ssot_probe.recorder.pacing import is_due
from ssot_probe.recorder.places import Places

SINGLE_INSTANCES = 200
"""Accesses to instances with one user that are told, per class; the rest is counted only."""

USERS_TOLD = 32
"""Users of one shared instance that are told one by one; the rest is counted only."""

MOST_USERS = 10_000
"""Users of a process that are counted."""

MOST_KINDS = 10_000
"""Ways in which instances were constructed or got hold of that are remembered, to be shared by all alike."""

INSTANCES_UNSWEPT = 1_000
"""Instances that are remembered before those that are no more are looked for."""


class _Fact:
    """How often something happened, and how much of it was told already."""

    __slots__ = ("born", "count", "created", "first", "last", "record", "told_at", "unattributed")

    def __init__(self, record: MakeRecord, created: Optional[tuple[str, str]], time: int) -> None:
        self.record = record
        self.created = created  # class and concept, where it is about constructions
        self.count = self.unattributed = 0
        self.born = self.first = self.last = time
        self.told_at = 0


class _Shared(NamedTuple):
    """Who got hold of one instance."""

    cls: ObservedClass
    instance: InstanceRef
    users: dict[str, MakeEvent]
    told: set[str]


class Ledger:
    """Turns events into records.

    Args:
        process: unique prefix for the ids of instances.
        places: turns code and offsets into places.
        hash_user: user id -> keyed hash.
        is_alive: is the instance still there?
        allowance: says how many shared instances are told.
    """

    def __init__(
        self,
        process: str,
        places: Places,
        hash_user: Callable[[str], str],
        is_alive: Callable[[InstanceRef], bool],
        allowance: Allowance | None = None,
    ) -> None:
        self._process = process
        self._places = places
        self._hash_user = hash_user
        self._is_alive = is_alive
        self._allowance = allowance or Allowance()
        self._untold: set[int] = set()  # shared instances that are counted only
        self._most_instances = INSTANCES_UNSWEPT
        self._facts: dict[tuple[object, ...], _Fact] = {}
        self._instances: dict[int, _Shared] = {}  # most have one user: what is known of them says it all
        self._accesses: dict[Access, Access] = {}
        self._facts_by_site: dict[tuple[object, ...], _Fact] = {}  # quicker to look up than the facts
        self._told_singles: dict[str, int] = {}
        self.creations: dict[tuple[str, str], int] = {}
        self.shared: dict[tuple[str, str], int] = {}
        self.findings: dict[tuple[str, str], int] = {}
        self.users: set[str] = set()  # keyed hashes of those with instances that are not for everybody

    def take(self, event: MakeEvent) -> Iterable[Record]:
        """Add one event; return what must be told at once because of it."""
        if event.site.outcome != "used":
            self.count(event)
        if event.is_first_meeting and event.user is not None and event.instance is not None:
            return self._meet(event, event.instance, event.user)
        return ()

    def count(self, event: MakeEvent, times: int = 1) -> None:
        """Add so many calls that are like the event, which is the last of them."""
        key = (event.site, event.origin, event.born)
        fact = self._facts_by_site.get(key)
        if fact is None:
            if len(self._facts_by_site) >= MOST_KINDS:
                self._facts_by_site.clear()
            fact = self._facts_by_site[key] = self._fact_of(event)
        fact.count += times
        if event.time > fact.last:
            fact.last = event.time
        if event.user is None:
            fact.unattributed += times
        if fact.created is not None:
            self.creations[fact.created] = self.creations.get(fact.created, 0) + times

    def gone(self) -> list[int]:
        """Return the serials of instances that are no more, now and then: when twice as many are known.

        They may be forgotten once everything that waited when this was asked has been taken.
        """
        if len(self._instances) < self._most_instances:
            return []
        gone = [serial for serial, state in self._instances.items() if not self._is_alive(state.instance)]
        self._most_instances = INSTANCES_UNSWEPT + 2 * (len(self._instances) - len(gone))
        return gone

    def forget(self, serials: Iterable[int]) -> None:
        """Let go of instances that are no more."""
        for serial in serials:
            del self._instances[serial]
            self._untold.discard(serial)

    def due(self, now: int, is_final: bool, is_quiet: bool = False) -> Iterator[Record]:
        """Yield the facts that are new, or that grew and are to be told again."""
        for fact in self._facts.values():
            if fact.count and (is_final or is_due(now, fact.born, fact.told_at, is_quiet)):
                yield fact.record._replace(
                    count=fact.count, unattributed=fact.unattributed, first=fact.first, last=fact.last
                )
                fact.told_at = now
                fact.count = fact.unattributed = 0
                fact.first = fact.last

    def _fact_of(self, event: MakeEvent) -> _Fact:
        site, maker, cls = event.site, event.site.maker, event.site.cls
        chain = tuple([around.name for around in site.chain])
        origin = "" if event.origin is None else event.origin.name
        is_found = event.born is NOT_CONSTRUCTED
        is_created = site.outcome == "constructed"
        born = "" if event.born is None or is_found or is_created else self._born(event.born)
        place = self._places.site(site.code, site.offset)
        callers, calls = self._outer(site.outer)
        key = (maker, site.outcome, cls, place, chain, origin, born, is_found, calls)
        fact = self._facts.get(key)
        if fact is None:
            record = MakeRecord(
                maker=maker.name,
                kind=maker.kind,
                outcome=site.outcome,
                cls=cls.name,
                serial=cls.serial,
                chain=chain,
                origin=origin,
                born=born,
                definition=self._places.definition(maker.code),
                site=place,
                thread=thread_label(event.thread),
                task=task_label(event.task),
                count=0,
                unattributed=0,
                first=event.time,
                last=event.time,
                callers=callers,
                calls=calls,
                found=is_found,
            )
            created = (cls.name, cls.concept.name) if is_created else None
            fact = self._facts[key] = _Fact(record, created, event.time)
        return fact

    def _born(self, born: CallSite) -> str:
        place = self._places.site(born.code, born.offset)
        return f"{place.file}:{place.line}"

    def _outer(self, outer: Calls) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return who constructs around a call, and where: further out only through what hands things out."""
        callers, calls = [], []
        for code, offset in outer:
            site = self._places.site(code, offset)
            callers.append(qualify(site.module, site.function))
            calls.append(f"{site.file}:{site.line}")
            if not self._places.returns_something(code):
                break
        return tuple(callers), tuple(calls)

    def _meet(self, event: MakeEvent, instance: InstanceRef, user_id: str) -> Iterable[Record]:
        cls, serial, user = event.site.cls, instance.serial, self._hash_user(user_id)
        if not cls.is_shareable and user not in self.users and len(self.users) < MOST_USERS:
            self.users.add(user)
        state = self._instances.get(serial)
        if state is None and instance.access is not None:
            earlier = _first_access(instance, instance.access)
            known = self._hash_user(earlier.user or "")
            state = self._instances[serial] = _Shared(cls, instance, {known: earlier}, set())
            instance.access = None
        if state is not None:
            return () if user in state.users else self._meet_too(event, user, state)
        singles = self._told_singles.get(cls.name, 0)
        if singles < SINGLE_INSTANCES:
            self._told_singles[cls.name] = singles + 1
            self._instances[serial] = _Shared(cls, instance, {user: event}, {user})
            return (self._access(event, serial, user),)
        if instance.user == user_id:
            instance.access, instance.time = self._shared_access(event), event.time
        else:  # another thread's event came first
            self._instances[serial] = _Shared(cls, instance, {user: event}, set())
        return ()

    def _meet_too(self, event: MakeEvent, user: str, state: _Shared) -> Iterator[Record]:
        cls, serial = event.site.cls, state.instance.serial
        state.users[user] = event
        count = len(state.users)
        if count == 2 and not self._allowance.may_tell(f"shared instances of {cls.name}", event.time):
            self._untold.add(serial)
        is_told = serial not in self._untold
        if is_told and 1 < count <= USERS_TOLD:
            for known, earlier in state.users.items():
                if known not in state.told:
                    state.told.add(known)
                    yield self._access(earlier, serial, known)
        if is_cross_user(cls.concept, cls.name, count) and count & (count - 1) == 0:
            if count == 2:
                key = (cls.name, cls.concept.name)
                self.shared[key] = self.shared.get(key, 0) + 1
            found = ("SSOT301", sharing_severity(cls.concept).label)
            self.findings[found] = self.findings.get(found, 0) + 1
            if is_told:
                yield self._finding(event, self._access(event, serial, user), state)

    def _shared_access(self, event: MakeEvent) -> Access:
        access = (event.site, event.thread, event.task, event.request)
        if event.task or event.request[0]:  # hardly another one is like it
            return access
        if len(self._accesses) >= MOST_KINDS:
            self._accesses.clear()
        return self._accesses.setdefault(access, access)

    def _access(self, event: MakeEvent, serial: int, user: str) -> AccessRecord:
        site = event.site
        return AccessRecord(
            instance=f"{self._process}-{serial}",
            concept=site.cls.concept.name,
            cls=site.cls.name,
            maker=site.maker.name,
            outcome=site.outcome,
            site=self._places.site(site.code, site.offset),
            user=user,
            thread=thread_label(event.thread),
            task=task_label(event.task),
            time=event.time,
            request=event.request[0],
        )

    def _finding(self, event: MakeEvent, access: AccessRecord, state: _Shared) -> SharingRecord:
        severity = sharing_severity(state.cls.concept).label
        return SharingRecord(
            instance=access.instance,
            concept=access.concept,
            cls=access.cls,
            users=tuple(list(state.users)[:USERS_TOLD]),
            user_count=len(state.users),
            severity=severity,
            site=access.site,
            time=access.time,
            request=event.request[0],
            request_span=event.request[1],
        )


def _first_access(known: InstanceRef, access: Access) -> MakeEvent:
    """Return how the first user of an instance got hold of it, as it was kept to be told later."""
    site, thread, task, request = access
    return MakeEvent(site, known, known.user, True, thread, task, None, None, request, known.time)
