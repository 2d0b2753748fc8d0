"""The join of what source declares with what was loaded and what ran, per file and line."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.undeclared import COMPUTED, Explanations, Undeclared
from ssot_probe.model.names import is_vendored, is_within
from ssot_probe.model.records import (
    BlindRecord,
    ImportRecord,
    ModuleRecord,
    ProcessRecord,
    ReferenceRecord,
)

EXECUTED = "executed"
FAILED = "failed"  # it ran, and never with success
LOADED = "not executed"  # its file was loaded, and the line did not run
DECLARED = "not loaded"  # not even its file was loaded
NEVER = "type-checking"  # it is for type checkers and does not run
UNKNOWN = "not observed"  # whether it ran was not watched, or not all the time

STATES = (EXECUTED, FAILED, UNKNOWN, LOADED, DECLARED, NEVER)


class Declared(NamedTuple):
    """An import that source declares, and what became of it."""

    record: ImportRecord
    state: str  # of STATES
    count: int = 0  # type: ignore[assignment]  # successful executions


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

    def is_read(self, file: str) -> bool:
        """Is everything known that a file imports? One that was not found imports nothing."""
        return file not in self._unread and file not in self._computing

    @cached_property
    def _computing(self) -> frozenset[str]:
        references = self._inventory.of(ReferenceRecord)
        return frozenset(record.site.file for _, record in references if record.kind == COMPUTED)

    @cached_property
    def imports(self) -> tuple[Declared, ...]:
        """Every declared import, with what became of it."""
        return tuple(self.of.values())

    @cached_property
    def of(self) -> Mapping[ImportRecord, Declared]:
        """What became of each record of the inventory."""
        return {record: self._state(record) for _, record in self._inventory.of(ImportRecord)}

    @cached_property
    def unmatched(self) -> tuple[Undeclared, ...]:
        """What ran without being declared, each with the reason where one is known."""
        odd = [record for record, declarations in self._declarations.items() if not declarations]
        return tuple(sorted(set(Explanations(self._recording, self._inventory, self.file).of(odd))))

    def _state(self, record: ImportRecord) -> Declared:
        ran = self._ran.get(record)
        if ran:
            count = sum(each.count for each in ran if each.outcome != "failed")
            return Declared(record, EXECUTED if count else FAILED, count)
        if record.guard == "type-checking":
            return Declared(record, NEVER)
        if record.site.file not in self.loaded_files:
            is_told = self.tells_of(record.site.module) and record.site.module not in self._failed
            return Declared(record, DECLARED if is_told else UNKNOWN)
        times = self._finished[record.site.file]
        if record.at_load and not record.guard and times:
            return Declared(record, EXECUTED, times)  # whoever loads the module runs it
        return Declared(record, LOADED if self._would_be_seen(record) else UNKNOWN)

    def _would_be_seen(self, record: ImportRecord) -> bool:
        """Would the recording hold the import if it had been executed?"""
        if record.at_load and record.site.file in self.late_files:
            return False
        if record.module in self._recording.unseen_imports or record.module in self._loaded_on_the_way:
            return False
        if record.module in self._own_modules and record.module not in self._recording.loaded:
            return self.tells_of(record.module)
        # A call of `import_module` for a loaded module is not told of on 3.10, and looks like `import` here.
        return record.module in self._observed and bool(record.names or not self._has_deaf_process)

    @cached_property
    def _failed(self) -> frozenset[str]:
        """Modules that raised while they were loaded: some of their lines ran."""
        imports = self._recording.of(ImportRecord)
        return frozenset(record.module for _, record in imports if record.outcome == "failed")

    @cached_property
    def _finished(self) -> Counter[str]:
        """How many times each file was loaded to its end."""
        return Counter(
            self.file(record.file)
            for _, record in self._recording.of(ModuleRecord)
            if record.module != "__main__"
        )

    @cached_property
    def _observed(self) -> frozenset[str]:
        """The modules of which each process that loaded them told every import."""
        told: dict[str, bool] = {}
        for _, record in self._recording.of(ModuleRecord):
            told[record.module] = told.get(record.module, True) and record.watched
        blind = {record.subject for _, record in self._recording.of(BlindRecord)}
        return frozenset(module for module, is_told in told.items() if is_told) - blind

    def tells_of(self, module: str) -> bool:
        """Would every process have told that it loaded this module? It tells of first-party ones."""
        return all(
            any(is_within(module, package) for package in packages) if packages else not is_vendored(module)
            for packages in self._packages
        )

    @cached_property
    def _packages(self) -> frozenset[tuple[str, ...]]:
        return frozenset(record.packages for _, record in self._recording.of(ProcessRecord))

    @cached_property
    def _has_deaf_process(self) -> bool:
        return any(record.python.startswith("3.10.") for _, record in self._recording.of(ProcessRecord))

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


def join(recording: Recording) -> Join | None:
    """Return the recording's join with its inventory, None where the source was not scanned."""
    return None if recording.inventory is None else Join(recording, recording.inventory)


def _means(declared: ImportRecord, module: str) -> bool:
    """May the declaration have led to the import of the module: itself, a package around it, a submodule?"""
    if is_within(declared.module, module):
        return True
    parent, _, name = module.rpartition(".")
    return parent == declared.module and (name in declared.names or "*" in declared.names)


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
