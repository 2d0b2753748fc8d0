"""The join of what source declares with what was loaded and what ran, per file and line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import is_within
from ssot_probe.model.records import (
    BindingRecord,
    BlindRecord,
    ImportRecord,
    ModuleRecord,
    ReferenceRecord,
    Site,
)

EXECUTED = "executed"
FAILED = "failed"  # it ran, and never with success
LOADED = "not executed"  # its file was loaded, and the line did not run
DECLARED = "not loaded"  # not even its file was loaded
NEVER = "type-checking"  # it is for type checkers and does not run
UNKNOWN = "not observed"  # its file was loaded, and imports of that module are not watched, or were not yet

STATES = (EXECUTED, FAILED, UNKNOWN, LOADED, DECLARED, NEVER)

COMPUTED = "computed-import"
UNEXPLAINED = "unexplained"


class Declared(NamedTuple):
    """An import that source declares, and what became of it."""

    record: ImportRecord
    state: str  # of STATES
    count: int = 0  # type: ignore[assignment]  # successful executions


class Unmatched(NamedTuple):
    """Something that ran and that the inventory does not declare."""

    kind: str  # "import" | "class" | "module"
    file: str
    line: int
    what: str
    why: str  # UNEXPLAINED where nothing explains it


class Join:
    """A recording beside the inventory of its source.

    Files are compared by name. Where the two know a module by files of different beginnings, since the scan
    started in another directory than the service, the inventory's name counts.
    """

    def __init__(self, recording: Recording, inventory: Recording) -> None:
        self._recording = recording
        self._inventory = inventory
        self._scanned = {record.file: record.module for _, record in inventory.of(ModuleRecord)}
        self._unread = {record.subject: record.reason for _, record in inventory.of(BlindRecord)}
        self._aligned = _aligned(recording, self._scanned)

    def file(self, name: str) -> str:
        """Return the inventory's name for a file of the recording."""
        return self._aligned.get(name, name)

    @cached_property
    def loaded_files(self) -> frozenset[str]:
        """The scanned files that a process loaded."""
        loaded = {self.file(record.file) for _, record in self._recording.of(ModuleRecord)}
        loaded.update(self.file(record.site.file) for _, record in self._recording.of(ImportRecord))
        return frozenset(loaded & self._scanned.keys())

    @property
    def files(self) -> int:
        """How many files were scanned."""
        return len(self._scanned)

    @property
    def unreadable(self) -> list[tuple[str, str]]:
        """The files that the scan could not read, each with the reason."""
        return sorted(self._unread.items())

    @cached_property
    def imports(self) -> tuple[Declared, ...]:
        """Every declared import, with what became of it."""
        return tuple(self.of.values())

    @cached_property
    def of(self) -> Mapping[ImportRecord, Declared]:
        """What became of each record of the inventory."""
        return {record: self._state(record) for _, record in self._inventory.of(ImportRecord)}

    @cached_property
    def unmatched(self) -> tuple[Unmatched, ...]:
        """What ran without being declared, each with the reason where one is known."""
        return tuple(sorted({*self._undeclared_modules(), *self._undeclared_classes(), *self._odd_imports()}))

    def _state(self, record: ImportRecord) -> Declared:
        ran = self._ran.get(record)
        if ran:
            count = sum(each.count for each in ran if each.outcome != "failed")
            return Declared(record, EXECUTED if count else FAILED, count)
        if record.guard == "type-checking":
            return Declared(record, NEVER)
        if record.site.file not in self.loaded_files:
            return Declared(record, DECLARED)
        return Declared(record, LOADED if self._would_be_seen(record) else UNKNOWN)

    def _would_be_seen(self, record: ImportRecord) -> bool:
        """Would the recording hold the import if it had been executed?"""
        if record.at_load and record.site.file in self.late_files:
            return False
        if record.module in self._recording.unseen_imports or record.module in self._loaded_on_the_way:
            return False
        is_absent = record.module in self._own_modules and record.module not in self._recording.loaded
        return is_absent or record.module in self._watched

    @cached_property
    def _watched(self) -> frozenset[str]:
        """The modules whose imports the probe told, or would have told: they bind what is observed."""
        bound = {record.module for _, record in self._recording.of(BindingRecord)}
        return frozenset(bound | {record.module for _, record in self._recording.of(ImportRecord)})

    @cached_property
    def _loaded_on_the_way(self) -> frozenset[str]:
        """Modules of others that their own packages loaded: an import that loaded those was not told."""
        importers = {record.module: record.importer for _, record in self._recording.of(ModuleRecord)}
        return frozenset(
            module
            for module, importer in importers.items()
            if module not in self._own_modules and _is_of_package(importer.rpartition(":")[0], module)
        )

    @cached_property
    def _own_modules(self) -> frozenset[str]:
        return frozenset(self._scanned.values())

    @cached_property
    def late_files(self) -> frozenset[str]:
        """Files that were loaded before the probe, or past it."""
        late = (record for _, record in self._recording.of(ModuleRecord) if record.preloaded)
        return frozenset(self.file(record.file) for record in late)

    @cached_property
    def _at_line(self) -> Mapping[tuple[str, int], list[ImportRecord]]:
        found: dict[tuple[str, int], list[ImportRecord]] = defaultdict(list)
        for _, record in self._inventory.of(ImportRecord):
            found[record.site.file, record.site.line].append(record)
        return found

    @cached_property
    def _ran(self) -> Mapping[ImportRecord, list[ImportRecord]]:
        ran: dict[ImportRecord, list[ImportRecord]] = defaultdict(list)
        for record, declarations in self._declarations.items():
            for declared in declarations:
                if declared.module == record.module:
                    ran[declared].append(record)
        return ran

    @cached_property
    def _declarations(self) -> Mapping[ImportRecord, list[ImportRecord]]:
        """What was executed for the application, each with the declarations that it may be."""
        return {
            record: self._declared_as(record)
            for _, record in self._recording.of(ImportRecord)
            if record.origin != "sweep"
        }

    def _declared_as(self, record: ImportRecord) -> list[ImportRecord]:
        file = self.file(record.site.file)
        here = self._at_line.get((file, record.site.line), ())
        return [declared for declared in here if _means(declared, record.module)]

    def _odd_imports(self) -> Iterator[Unmatched]:
        for record, declarations in self._declarations.items():
            if not declarations:
                site = record.site
                names = f" ({', '.join(record.names)})" if record.names else ""
                what = f"imports {record.module}{names}"
                why = self._why_not_declared(site, record.module)
                yield Unmatched("import", self.file(site.file), site.line, what, why)

    def _why_not_declared(self, site: Site, module: str) -> str:
        file = self.file(site.file)
        if unscanned := self._why_not_scanned(file):
            return unscanned
        if not site.line:
            return "the interpreter knew no line for it"
        if self._is_computed(file, site):
            return "the name is computed at run time"
        elsewhere = sorted(
            record.site.line
            for _, record in self._inventory.of(ImportRecord)
            if record.site.file == file and record.module == module
        )
        if (file, site.line) not in self._at_line:
            other = f" (the scan has such an import on line {elsewhere[0]})" if elsewhere else ""
            return (
                "no import stands on this line: what is called there imports it, as unpickling, patching and "
                f"extension modules do, or another version of the file ran{other}"
            )
        if elsewhere:
            return f"the scan has it on line {elsewhere[0]}: another version of the file ran"
        return UNEXPLAINED

    def _is_computed(self, file: str, site: Site) -> bool:
        return any(
            record.site.line == site.line or record.site.function == site.function
            for record in self._computed.get(file, ())
        )

    @cached_property
    def _computed(self) -> Mapping[str, list[ReferenceRecord]]:
        found: dict[str, list[ReferenceRecord]] = defaultdict(list)
        for _, record in self._inventory.of(ReferenceRecord):
            if record.kind == COMPUTED:
                found[record.site.file].append(record)
        return found

    def _why_not_scanned(self, file: str) -> str:
        if file in self._scanned:
            return ""
        if not file:
            return "it has no file: a namespace package, or made while the program ran"
        if file.startswith("<frozen "):
            return "the interpreter's own code imports it"
        if file.startswith("<"):
            return "its code was made while the program ran"
        if file in self._unread:
            return "its file could not be read by the scan"
        return "its file was not scanned"

    def _undeclared_modules(self) -> Iterator[Unmatched]:
        for _, record in self._recording.of(ModuleRecord):
            file = self.file(record.file)
            why = self._why_not_scanned(file)
            if why:
                yield Unmatched("module", file, 0, record.module, why)

    def _undeclared_classes(self) -> Iterator[Unmatched]:
        declared = {(cls.name, cls.file) for cls in self._inventory.classes}
        lines = {(cls.file, cls.line): cls for cls in self._inventory.classes}
        for cls in self._recording.classes:
            file = self.file(cls.file)
            if cls.file and (cls.name, file) not in declared:
                why = self._why_not_scanned(file) or _why_no_class(lines.get((file, cls.line)))
                yield Unmatched("class", file, cls.line, cls.name, why)


def join(recording: Recording) -> Join | None:
    """Return the recording's join with its inventory, None where the source was not scanned."""
    return None if recording.inventory is None else Join(recording, recording.inventory)


def _means(declared: ImportRecord, module: str) -> bool:
    """May the declaration have led to the import of the module: itself, a package around it, a submodule?"""
    if is_within(declared.module, module):
        return True
    parent, _, name = module.rpartition(".")
    return parent == declared.module and (name in declared.names or "*" in declared.names)


def _why_no_class(declared: ClassObject | None) -> str:
    if declared is None:
        return "no class statement stands there: it is made at run time"
    return f"the scan knows it as {declared.name}: the file was loaded under another module name"


def _aligned(recording: Recording, scanned: Mapping[str, str]) -> dict[str, str]:
    """Return the inventory's names of files that the recording calls otherwise."""
    homes: dict[str, list[str]] = defaultdict(list)
    for file, module in scanned.items():
        homes[module].append(file)
    aligned = {}
    for file, module in _files(recording):
        if file not in scanned:
            same = [known for known in homes.get(module, ()) if _is_same_ending(file, known)]
            if len(same) == 1:
                aligned[file] = same[0]
    return aligned


def _files(recording: Recording) -> Iterable[tuple[str, str]]:
    return {(record.file, record.module) for _, record in recording.of(ModuleRecord) if record.file}


def _is_same_ending(file: str, other: str) -> bool:
    return file.endswith("/" + other) or other.endswith("/" + file)


def _is_of_package(file: str, module: str) -> bool:
    """Is the file that of a package around the module?"""
    parts = module.split(".")
    ends = [f"{'/'.join(parts[:end])}/__init__.py" for end in range(1, len(parts))]
    return any(file == end or file.endswith("/" + end) for end in ends)
