"""The recording: an immutable, indexed view of all records of all processes that were read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple, TypeVar

from ssot_probe.analysis.class_identity import ClassObject, Mention, identify
from ssot_probe.analysis.fetches import Fetch, fetches
from ssot_probe.analysis.namespaces import Namespaces, Path
from ssot_probe.analysis.summary import NOTHING, Summary
from ssot_probe.model.path_records import PathUseRecord
from ssot_probe.model.records import (
    AccessRecord,
    BindingRecord,
    BlindRecord,
    ClassRecord,
    ContextRecord,
    ImportRecord,
    MakeRecord,
    ModuleRecord,
    ProcessRecord,
    Record,
    SharingRecord,
)
from ssot_probe.wire.process_list import ProcessList, merged

R = TypeVar("R", bound=Record)

LASTING = (ImportRecord, MakeRecord, ContextRecord, PathUseRecord)
"""Records of what happened from a first to a last time."""

BLIND_TO_IMPORTS = "imports of "
"""How the subject of a blind spot begins that is the imports of a module."""


class Process(NamedTuple):
    """A process that was recorded."""

    identity: str  # `service.instance.id`: unique over hosts and restarts
    service: str = ""
    pid: int = 0
    role: str = ""
    environment: str = ""
    version: str = ""  # of the probe
    host: str = ""
    release: str = ""  # `service.version`
    schema: int = 0  # version of the record format, 0 where it is not said

    @property
    def label(self) -> str:
        """What a report calls the process."""
        return f"{self.service or 'process'} (pid {self.pid})" if self.pid else self.service or self.identity


class Loss(NamedTuple):
    """Records that were made and are not there."""

    reason: str
    count: int  # type: ignore[assignment]
    where: str  # a process or a file
    processes: tuple[str, ...] = ()  # whose they may be, as far as that is known


class Skipped(NamedTuple):
    """Something in a source that is no record of the probe, and no loss either."""

    file: str
    line: int
    what: str
    count: int = 1  # type: ignore[assignment]


class Make(NamedTuple):
    """A record of a maker, with the class object of what it made."""

    process: str
    cls: ClassObject
    record: MakeRecord


class Recording:
    """Everything that was read, in an order of its own: neither order nor duplicates of the input matter.

    Args:
        records: pairs of a process' identity and a record of it.
        processes: what is known of the processes.
        losses: what the reader knows to be lost.
        skipped: what the reader found that is not of the probe.
        received: how many records of each process arrived; counted here where it is not given.
        inventory: what the source code declares, where it was scanned.
        lists: which processes put themselves down in the directories, whether they are here or not.
        summary: figures of processes whose records are not all here, as they were added up elsewhere.
    """

    def __init__(
        self,
        records: Iterable[tuple[str, Record]],
        processes: Iterable[Process] = (),
        losses: Iterable[Loss] = (),
        skipped: Iterable[Skipped] = (),
        received: Mapping[str, int] | None = None,
        inventory: Recording | None = None,
        lists: Iterable[ProcessList] = (),
        summary: Summary = NOTHING,
    ) -> None:
        self.inventory = inventory
        self._summary = summary
        self.lists = merged(lists)
        by_type: dict[type, set[tuple[str, Record]]] = defaultdict(set)
        for process, record in records:
            by_type[type(record)].add((process, record))
        self._by_type = {kind: tuple(sorted(pairs)) for kind, pairs in by_type.items()}
        self._different = Counter(process for pairs in by_type.values() for process, _ in pairs)
        self.received = self._different
        if received is not None:
            self.received = Counter(received)
        named = {process.identity: process for process in sorted(processes)}
        self.processes = tuple(
            named.get(identity, Process(identity)) for identity in sorted({*named, *self.received})
        )
        self._labels = {process.identity: process.label for process in self.processes}
        self.losses = tuple(sorted(losses))
        self.skipped = tuple(sorted(skipped))

    def of(self, kind: type[R]) -> tuple[tuple[str, R], ...]:
        """Return all records of a kind, each with the identity of its process."""
        return self._by_type.get(kind, ())  # type: ignore[return-value]  # the key is the records' type

    @property
    def size(self) -> int:
        """How many different records there are."""
        return sum({**self._different, **self._summary.readable}.values())

    def label(self, process: str) -> str:
        """Return what a report calls a process."""
        return self._labels.get(process, process)

    @cached_property
    def span(self) -> tuple[int, int]:
        """The first and the last time of any record, (0, 0) when there is none."""
        extents = self._summary.extents.values()
        starts = [_start(record) for pairs in self._by_type.values() for _, record in pairs]
        ends = [_end(record) for pairs in self._by_type.values() for _, record in pairs]
        starts += [first for first, _ in extents]
        ends += [last for _, last in extents]
        return (min(starts), max(ends)) if starts else (0, 0)

    @cached_property
    def last_of(self) -> Mapping[str, int]:
        """The last time in any record of each process."""
        last = {process: end for process, (_, end) in self._summary.extents.items()}
        for pairs in self._by_type.values():
            for process, record in pairs:
                last[process] = max(last.get(process, 0), _end(record))
        return last

    @cached_property
    def uses(self) -> Mapping[tuple[str, str], int]:
        """How many first accesses of users there were to instances, by process and class."""
        counts = Counter(self._summary.uses)
        for process, record in self.of(AccessRecord):
            if process not in self._summary.received:
                counts[process, record.cls] += bool(record.user)
        return counts

    @cached_property
    def users(self) -> Mapping[tuple[str, tuple[str, ...]], int]:
        """How many users had instances of just these classes, by the key that they are hashed with."""
        keys = {process: record.user_key for process, record in self.of(ProcessRecord)}
        classes: dict[tuple[str, str], set[str]] = defaultdict(set)
        for process, access in self.of(AccessRecord):
            if process not in self._summary.received and access.user:
                classes[keys.get(process, ""), access.user].add(access.cls)
        for process, sharing in self.of(SharingRecord):
            if process not in self._summary.received:
                for user in sharing.users:
                    classes[keys.get(process, ""), user].add(sharing.cls)
        counts = Counter(self._summary.users)
        for (key, _), had in classes.items():
            counts[key, tuple(sorted(had))] += 1
        return counts

    def class_of(self, process: str, name: str, serial: int) -> ClassObject:
        """Return the class object that a process means by a name and a serial."""
        found = self._classes.get(Mention(process, name, serial)) or self._first_of_name.get((process, name))
        return found or ClassObject(name, "", 0, 1)

    @cached_property
    def classes(self) -> tuple[ClassObject, ...]:
        """All class objects."""
        return tuple(sorted(set(self._classes.values())))

    @cached_property
    def by_name(self) -> Mapping[str, list[ClassObject]]:
        """The class objects of each qualified name."""
        found: dict[str, list[ClassObject]] = defaultdict(list)
        for cls in self.classes:
            found[cls.name].append(cls)
        return found

    @cached_property
    def heirs(self) -> Mapping[str, list[ClassObject]]:
        """The class objects that inherit from each qualified name, at any distance."""
        found: dict[str, list[ClassObject]] = defaultdict(list)
        for cls in self.classes:
            for base in cls.bases:
                if base != cls.name:
                    found[base].append(cls)
        return found

    @cached_property
    def makes(self) -> tuple[Make, ...]:
        """All records of makers."""
        return tuple(
            Make(process, self.class_of(process, record.cls, record.serial), record)
            for process, record in self.of(MakeRecord)
        )

    @cached_property
    def _makes_of(self) -> Mapping[ClassObject, list[Make]]:
        by_class: dict[ClassObject, list[Make]] = defaultdict(list)
        for make in self.makes:
            by_class[make.cls].append(make)
        return by_class

    def makes_of(self, classes: Iterable[ClassObject]) -> list[Make]:
        """Return the records of makers that made instances of these classes."""
        return [make for cls in classes for make in self._makes_of.get(cls, ())]

    @cached_property
    def _fetches_of(self) -> Mapping[ClassObject, list[Fetch]]:
        by_class: dict[ClassObject, list[Fetch]] = defaultdict(list)
        for fetch in self.fetches:
            if fetch.cls is not None:
                by_class[fetch.cls].append(fetch)
        return by_class

    def fetches_of(self, cls: ClassObject) -> list[Fetch]:
        """Return the fetches that got this class object."""
        return self._fetches_of.get(cls, [])

    @cached_property
    def unseen_imports(self) -> Mapping[str, str]:
        """The modules whose imports could not be observed, each with the reason."""
        told = {record.subject: record.reason for _, record in self.of(BlindRecord)}
        return {
            subject.removeprefix(BLIND_TO_IMPORTS): reason
            for subject, reason in sorted(told.items())
            if subject.startswith(BLIND_TO_IMPORTS)
        }

    @cached_property
    def paths_of(self) -> Mapping[ClassObject, list[Path]]:
        """The paths that are bound to each class object."""
        paths: dict[ClassObject, list[Path]] = defaultdict(list)
        for path, cls in sorted(self.namespaces.class_paths()):
            paths[cls].append(path)
        return paths

    @cached_property
    def constructed(self) -> Mapping[ClassObject, int]:
        """How many instances of each class object were constructed."""
        counts: Counter[ClassObject] = Counter()
        for _, cls, record in self.makes:
            if record.kind == "constructor" and record.outcome == "constructed":
                counts[cls] += record.count
        return counts

    @cached_property
    def owners(self) -> frozenset[tuple[str, ClassObject]]:
        """Classes that own a factory method, each with a class whose instances that method gave out."""
        return frozenset(
            (owner, cls)
            for _, cls, record in self.makes
            if record.kind != "constructor"
            for owner, dot, _ in [record.maker.rpartition(".")]
            if dot and ":" in owner
        )

    @cached_property
    def namespaces(self) -> Namespaces:
        """What the names in modules are bound to."""
        return Namespaces(self.of(BindingRecord), self.of(ClassRecord), self.class_of)

    @cached_property
    def fetches(self) -> tuple[Fetch, ...]:
        """The names that executed imports fetched."""
        return tuple(fetches(self.of(ImportRecord), self.namespaces))

    @cached_property
    def loaded(self) -> frozenset[str]:
        """Names of all modules that were loaded, as far as any record tells, with their packages."""
        names = {record.module for _, record in self.of(ModuleRecord)}
        for _, imported in self.of(ImportRecord):
            names.add(imported.site.module)
            if imported.outcome != "failed":
                names.add(imported.module)
        names.update(record.module for _, record in self.of(BindingRecord))
        names.update(record.name.partition(":")[0] for _, record in self.of(ClassRecord))
        return frozenset(package for name in names if name for package in _packages(name))

    @cached_property
    def _classes(self) -> Mapping[Mention, ClassObject]:
        bound = (
            Mention(process, record.target, record.serial)
            for process, record in self.of(BindingRecord)
            if record.kind == "class"
        )
        made = (Mention(process, record.cls, record.serial) for process, record in self.of(MakeRecord))
        accessed = (Mention(process, cls, 0) for process, cls in self.uses)
        shared = (Mention(process, record.cls, 0) for process, record in self.of(SharingRecord))
        return identify(self.of(ClassRecord), {*bound, *made, *accessed, *shared})

    @cached_property
    def _first_of_name(self) -> Mapping[tuple[str, str], ClassObject]:
        found: dict[tuple[str, str], ClassObject] = {}
        for mention, cls in sorted(self._classes.items()):
            found.setdefault((mention.process, mention.name), cls)
        return found


def of_newest_state(recording: Recording) -> Mapping[str, ProcessRecord]:
    """Return the last word of the probe about each process that has one."""
    newest: dict[str, ProcessRecord] = {}
    for process, record in sorted(recording.of(ProcessRecord), key=lambda pair: _age(pair[1])):
        newest[process] = record
    return newest


def _age(record: ProcessRecord) -> tuple[int, int, bool, ProcessRecord]:
    return record.emitted, record.time, record.state == "stopped", record  # a clock may be set back


def _start(record: Record) -> int:
    return record.first if isinstance(record, LASTING) else record.time


def _end(record: Record) -> int:
    return record.last if isinstance(record, LASTING) else record.time


def _packages(module: str) -> Iterable[str]:
    parts = module.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))
