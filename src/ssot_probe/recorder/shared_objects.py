"""Turns what looks at references found into records: each shared object once, and how often it was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ssot_probe.losses import OBJECTS_FULL, Losses
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import LookRecord, SharedObjectRecord
from ssot_probe.model.sharing import place_of, reference_severity
from ssot_probe.observe.looks import LAST, Looked
from ssot_probe.observe.makers import ObservedClass
from ssot_probe.observe.sharing.found import SharedObject
from ssot_probe.recorder.boundaries import Boundaries
from ssot_probe.recorder.pacing import is_due

MOST_OBJECTS = 2_000
"""Bound on the different shared objects of a process."""

MOST_USERS = 10_000
"""Bound on the users whose instances are known to have been looked at."""


class _Fact:
    """A record that is told again with what has been added to its count."""

    __slots__ = ("born", "count", "record", "told_at")

    def __init__(self, record: SharedObjectRecord | LookRecord) -> None:
        self.record = record
        self.born = record.time
        self.count = 0
        self.told_at = 0


class SharedObjects:
    """Adds looks up.

    Args:
        process: unique prefix for the ids of instances.
        hash_user: user id -> keyed hash.
        count_users: how many users had instances until now.
        boundaries: told of who shares what.
        losses: where shared objects beyond the bound are counted.

    Attributes:
        looks: trigger -> looks so far.
        looked_at: objects that they reached.
        pause: nanoseconds for which one kept the interpreter to itself at most.
        findings: (code, severity) -> findings so far.
    """

    def __init__(
        self,
        process: str,
        hash_user: Callable[[str], str],
        count_users: Callable[[], int],
        boundaries: Boundaries,
        losses: Losses,
    ) -> None:
        self._process = process
        self._hash_user = hash_user
        self._count_users = count_users
        self._boundaries = boundaries
        self._losses = losses
        self._users: set[str] = set()
        self._looks: dict[tuple[str, str], _Fact] = {}
        self._objects: dict[tuple[str, ...], _Fact] = {}
        self.looks: dict[str, int] = {}
        self.looked_at = self.pause = 0
        self.findings: dict[tuple[str, str], int] = {}

    def take(self, looked: Looked) -> None:
        """Take in one look."""
        look = looked.look
        for user in looked.users:
            if len(self._users) < MOST_USERS:
                self._users.add(user)
        self.looks[looked.trigger] = self.looks.get(looked.trigger, 0) + 1
        self.looked_at += look.objects
        if looked.trigger != LAST:  # then the application has ended
            self.pause = max(self.pause, look.longest_slice)
        record = LookRecord(
            trigger=looked.trigger,
            stopped=look.stopped,
            roots=look.roots,
            owners=look.owners,
            objects=look.objects,
            slices=look.slices,
            longest_slice=look.longest_slice,
            duration=look.duration,
            users=max(len(self._users), self._count_users()),
            users_seen=len(self._users),
            count=1,
            time=looked.time,
        )
        key = (record.trigger, record.stopped)
        known = self._looks.get(key)
        if known is None:
            known = self._looks[key] = _Fact(record)
        elif known.count and isinstance(known.record, LookRecord):
            known.record = _added(known.record, record)
        else:
            known.record = record
        known.count += 1
        for found in look.found:
            self._see(looked, found)

    def due(self, now: int, is_final: bool, is_quiet: bool) -> Iterator[SharedObjectRecord | LookRecord]:
        """Yield what is new, or was seen again and is to be told again."""
        for fact in (*self._objects.values(), *self._looks.values()):
            if fact.count and (is_final or is_due(now, fact.born, fact.told_at, is_quiet)):
                yield fact.record._replace(count=fact.count)
                fact.told_at, fact.count = now, 0

    def _see(self, looked: Looked, found: SharedObject) -> None:
        record = self._record(looked, found)
        key = (record.type, record.verdict, record.holder, *sorted(set(record.paths)))
        known = self._objects.get(key)
        if known is None:
            if len(self._objects) >= MOST_OBJECTS:
                self._losses.add(OBJECTS_FULL)
                return
            known = self._objects[key] = _Fact(record)
            if record.severity:
                finding = ("SSOT303", record.severity)
                self.findings[finding] = self.findings.get(finding, 0) + 1
        elif isinstance(known.record, SharedObjectRecord) and record.user_count >= known.record.user_count:
            known.record = record
        known.count += 1
        if record.severity:
            self._boundaries.share(
                "SSOT303",
                "\0".join(key),
                place_of(record.paths, record.holder),
                _concepts(looked, found),
                _owners(found),
            )

    def _record(self, looked: Looked, found: SharedObject) -> SharedObjectRecord:
        concepts = _concepts(looked, found)
        severity = reference_severity(concepts, found.type, found.verdict)
        classes = (seen.name for seen in _classes(looked, found))
        return SharedObjectRecord(
            type=found.type,
            verdict=found.verdict,
            concepts=tuple(concept.name for concept in concepts),
            classes=tuple(dict.fromkeys(classes)),
            users=tuple(self._hash_user(owner) if owner else "" for owner in _owners(found)),
            user_count=found.owner_count,
            data_of=found.data_of,
            instances=tuple(f"{self._process}-{path.serial}" if path.serial else "" for path in found.paths),
            paths=tuple(_written(path.steps) for path in found.paths),
            holder=_written(found.holder),
            objects=found.objects,
            drawing=found.drawing,
            severity="" if severity is None else severity.label,
            count=0,
            time=looked.time,
            data_at="".join(found.data_steps),
        )


def _classes(looked: Looked, found: SharedObject) -> Iterable[ObservedClass]:
    return [looked.classes[path.serial] for path in found.paths if path.serial in looked.classes]


def _written(steps: Sequence[str]) -> str:
    """Return a path as `module:Name.attribute[a value]`."""
    if len(steps) > 1 and ":" not in steps[0] and steps[1].startswith("."):
        return f"{steps[0]}:{''.join(steps[1:])[1:]}"
    return "".join(steps)


def _owners(found: SharedObject) -> list[str]:
    """Return the owner of each path, then those whose data was found and who have none."""
    on_paths = [path.owner for path in found.paths]
    return on_paths + [owner for owner in found.data_owners if owner not in on_paths]


def _concepts(looked: Looked, found: SharedObject) -> tuple[Concept, ...]:
    """Return the concepts of the instances that lead to it; of all users' where a module holds it."""
    reached = tuple(dict.fromkeys(seen.concept for seen in _classes(looked, found)))
    return reached or looked.concepts


def _added(one: LookRecord, other: LookRecord) -> LookRecord:
    return other._replace(
        roots=max(one.roots, other.roots),
        owners=max(one.owners, other.owners),
        objects=one.objects + other.objects,
        slices=one.slices + other.slices,
        longest_slice=max(one.longest_slice, other.longest_slice),
        duration=one.duration + other.duration,
    )
