"""The join of what source declares with what was loaded and what ran, per file and line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.undeclared import Explanations, Undeclared
from ssot_probe.model.names import is_within
from ssot_probe.model.policy import named_modules
from ssot_probe.model.records import BindingRecord, BlindRecord, ImportRecord, ModuleRecord, ProcessRecord
from ssot_probe.policy_file import policy_from_json

EXECUTED = "executed"
FAILED = "failed"  # it ran, and never with success
LOADED = "not executed"  # its file was loaded, and the line did not run
DECLARED = "not loaded"  # not even its file was loaded
NEVER = "type-checking"  # it is for type checkers and does not run
UNKNOWN = "not observed"  # its file was loaded, and imports of that module are not watched, or were not yet

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
            return Declared(record, DECLARED)
        return Declared(record, LOADED if self._would_be_seen(record) else UNKNOWN)

    def _would_be_seen(self, record: ImportRecord) -> bool:
        """Would the recording hold the import if it had been executed?"""
        if record.at_load and record.site.file in self.late_files:
            return False
        is_absent = record.module in self._own_modules and record.module not in self._recording.loaded
        return is_absent or record.module in self._observed or self._is_named(record.module)

    @cached_property
    def _observed(self) -> frozenset[str]:
        """The modules that bind what is observed: every import of them was told."""
        return frozenset(record.module for _, record in self._recording.of(BindingRecord))

    def _is_named(self, module: str) -> bool:
        """Did the policy of every process name the module, a package around it, or something in it?"""
        return bool(self._named) and all(
            any(is_within(module, name) or is_within(name, module) for name in names) for names in self._named
        )

    @cached_property
    def _named(self) -> list[tuple[str, ...]]:
        policies = {record.policy for _, record in self._recording.of(ProcessRecord) if record.policy}
        return [named_modules(policy_from_json(policy)) for policy in sorted(policies)]

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
