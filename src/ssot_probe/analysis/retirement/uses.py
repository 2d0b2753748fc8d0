"""What was used of a path, rung by rung, and by whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from ssot_probe.analysis.fetches import MODULE_LEVEL
from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.recording import Make, Recording
from ssot_probe.analysis.retirement.aliases import Aliases
from ssot_probe.analysis.retirement.by_module import ByModule
from ssot_probe.analysis.retirement.reaching_imports import Imports
from ssot_probe.analysis.retirement.subjects import Subject, Twins
from ssot_probe.analysis.retirement.use import (
    UNPICKLING,
    Use,
    is_program,
    use_by_import,
    use_by_presence,
    use_by_subclass,
    use_told,
)
from ssot_probe.model.names import qualify, split
from ssot_probe.model.path_records import (
    APPLICATION,
    CALLED,
    CONSTRUCTED,
    INHERITED,
    LOADED,
    PROBE,
    RESOLVED,
    TEST,
    PathUseRecord,
)
from ssot_probe.model.records import ClassRecord, ImportRecord, ModuleRecord, Site

OWN_FRAME = "<ssot_probe"
"""How the files of our wrappers' frames begin: one that stands around another says who really called it."""

_Told = tuple[str, PathUseRecord]


class UseIndex:
    """Everything in a recording that can be a use, by what it is a use of."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.imports = Imports(recording)
        self.twins = Twins(recording)
        self.aliases = Aliases(recording, self.twins)
        self._modules: ByModule[tuple[str, ModuleRecord]] = ByModule(
            (module, pair) for pair in recording.of(ModuleRecord) for module in self.twins(pair[1].module)
        )
        self._told: dict[str, list[tuple[str, PathUseRecord]]] = defaultdict(list)
        for pair in recording.of(PathUseRecord):
            self._told[pair[1].path].append(pair)
        self._subjects: ByModule[tuple[str, PathUseRecord]] = ByModule(
            (split(pair[1].subject)[0], pair) for pair in recording.of(PathUseRecord)
        )
        self._makes: ByModule[tuple[str, Make]] = ByModule(self._made())
        self._heirs: ByModule[tuple[str, str, ClassRecord]] = ByModule(
            (module, (qualify(module, split(base)[1]), process, record))
            for process, record in recording.of(ClassRecord)
            for base in record.bases
            if base != record.name
            for module in self.twins(split(base)[0])
        )

    def uses_of(self, subject: Subject, is_alias: bool) -> list[Use]:
        """Return all uses of a path, each rung of them, in the order of their time.

        Args:
            subject: the path.
            is_alias: the path is bound to something of another module: to fetch it is to use it.
        """
        by_place: dict[tuple[str, str, Site], list[Use]] = defaultdict(list)
        for use in (*self._imported(subject, is_alias), *self._told_of(subject)):
            by_place[use.process, use.rung, use.site].append(use)
        heard = {(process, rung) for process, rung, _ in by_place}
        for use in self._made_of(subject):  # told twice, as a make and as the use of a path
            if use.site.file.startswith(OWN_FRAME) and (use.process, use.rung) in heard:
                continue
            same = by_place[use.process, use.rung, use.site]
            if sum(other.count for other in same) < use.count:
                is_test = same and all(other.origin == TEST for other in same)
                same[:] = [use._replace(origin=TEST) if is_test else use]
        found = [use for same in by_place.values() for use in same]
        told = {(use.process, use.through) for use in found if use.rung == INHERITED}
        found += [use for use in self._inherited(subject) if (use.process, use.through) not in told]
        found += self._present(subject, {use.process for use in found if use.rung == LOADED})
        return sorted(found)

    def tries(self, subject: Subject) -> list[Use]:
        """Return the imports of a path that failed."""
        return sorted(
            use_by_import(subject, process, record, record.names, RESOLVED, is_alias=False)
            for process, record in self.imports.failed(subject)
        )

    def has_told(self, subject: Subject, process: str) -> bool:
        """Does the process tell of any use of the path?"""
        told = self._told.get(subject.path, ())
        return any(owner == process for owner, _ in told) or any(
            use.process == process for use in self._made_of(subject)
        )

    def _imported(self, subject: Subject, is_alias: bool) -> Iterator[Use]:
        """One statement may show in several records, as the package, the module and the name it reached."""
        places: dict[tuple[str, Site], dict[tuple[str, ...], list[ImportRecord]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for process, record, reached in self.imports.reaching(subject):
            target = (record.module, *reached)
            places[process, record.site][target].append(record)
        for (process, _), by_target in places.items():
            reached, records = max(
                by_target.items(), key=lambda item: (sum(record.count for record in item[1]), item[0])
            )
            for record in records:
                use = use_by_import(subject, process, record, reached[1:], LOADED, is_alias)
                yield use if subject.name else self._passed_on(subject, use, record)

    def _passed_on(self, subject: Subject, use: Use, record: ImportRecord) -> Use:
        """Return the use, as a need of the module where that only passes on what was fetched from it."""
        if record.origin == UNPICKLING or not subject.has(record.module):
            return use
        names = []
        for name in record.names:
            target = self.aliases.passed_on(use.process, Path(record.module, name), record.first)
            if target and not subject.has(target):
                names.append(name)
        if not names:
            return use
        return use._replace(what=f"imports {', '.join(names)} through it", is_need=True)

    def _told_of(self, subject: Subject) -> Iterator[Use]:
        told = {id(pair): pair for pair in self._told.get(subject.path, ())}
        for module in self.twins(subject.module):
            for pair in self._subjects.of(module, below=not subject.name):
                if subject.has(_named(pair[1].subject, module, subject.module)):
                    told[id(pair)] = pair
        for process, record in _each_once(subject.path, told.values()):
            is_own_heir = record.rung == INHERITED and subject.has(record.through)
            if record.origin != PROBE and not is_own_heir:
                yield use_told(subject, process, record)

    def _made(self) -> Iterator[tuple[str, tuple[str, Make]]]:
        for make in self._recording.makes:
            record = make.record
            if record.kind == "constructor" and record.outcome != "constructed":
                continue
            names = {make.cls.name} if record.kind == "constructor" or record.found else set()
            names |= {record.maker} if record.kind != "constructor" else set(make.cls.bases)
            for name in names:
                module, qualname = split(name)
                for twin in self.twins(module):
                    yield twin, (qualify(twin, qualname), make)

    def _made_of(self, subject: Subject) -> Iterator[Use]:
        by_place: dict[tuple[str, str, Site, str], list[tuple[str, Make]]] = defaultdict(list)
        for name, make in self._makes.of(subject.module, below=not subject.name):
            if subject.has(name):
                rung = CONSTRUCTED if make.record.kind == "constructor" or make.record.found else CALLED
                by_place[make.process, rung, make.record.site, make.cls.name].append((name, make))
        for (process, rung, site, cls), same in by_place.items():
            makes = {make for _, make in same}
            records = [make.record for make in makes]
            name = min(name for name, _ in same)
            is_heir = rung == CONSTRUCTED and not any(subject.has(found) for found in _own(cls, self.twins))
            verb = "constructs" if rung == CONSTRUCTED else "calls"
            yield Use(
                min(record.first for record in records),
                max(record.last for record in records),
                rung,
                site,
                f"{verb} {cls if rung == CONSTRUCTED else name}",
                APPLICATION,
                process,
                records[0].thread,
                any(record.count > record.unattributed for record in records),
                sum(record.count for record in records),
                is_at_least=False,
                through=cls if is_heir else "",
                is_need=True,
                is_own=site.function == MODULE_LEVEL and subject.is_within_dead_set(site),
                subject=name,
                digest="",
            )

    def _inherited(self, subject: Subject) -> Iterator[Use]:
        for base, process, record in self._heirs.of(subject.module, below=not subject.name):
            if subject.has(base) and not subject.has(record.name):
                yield use_by_subclass(subject, process, record, base)

    def _present(self, subject: Subject, processes: set[str]) -> Iterator[Use]:
        """Yield what shows that the path was loaded where no import was seen that did it."""
        told: set[str] = set()
        for process, record in self._modules.of(subject.module, below=not subject.name):
            if process not in processes and process not in told:
                told.add(process)
                yield use_by_presence(process, record)


def _each_once(path: str, told: Iterable[_Told]) -> Iterator[_Told]:
    """Yield what was told of each use once: a name and the module around it may both be watched.

    Each of the paths counts all of it, so the one that has most knows it best; of two the one asked for.
    """
    by_use: dict[tuple[object, ...], dict[str, list[_Told]]] = defaultdict(lambda: defaultdict(list))
    for pair in told:
        by_use[_as_one(*pair)][pair[1].path].append(pair)
    for same in by_use.values():
        best = max(same, key=lambda name: (sum(record.count for _, record in same[name]), name == path, name))
        if is_program(same[best][0][1]):
            process, record = min(same[best])
            yield process, record._replace(count=1)
        else:
            yield from same[best]


def _as_one(process: str, record: PathUseRecord) -> tuple[object, ...]:
    """Return what is the same in all that tells of uses of one thing, at one place and for one purpose."""
    if is_program(record):
        return process, record.subject
    if record.rung == INHERITED:
        return process, record.rung, record.subject, record.through, record.origin
    return (
        *(process, record.rung, record.subject, record.through, record.origin, record.by_user),
        *(record.thread, record.site, record.digest),
    )


def _named(name: str, module: str, other: str) -> str:
    """Return the name as it is under another name of its module."""
    return name if module == other else other + name.removeprefix(module)


def _own(cls: str, twins: Twins) -> Iterable[str]:
    module, qualname = split(cls)
    return (qualify(twin, qualname) for twin in twins(module))
