"""What ran and is not declared by the source that was scanned, each with the reason where one is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import is_within, qualify, split
from ssot_probe.model.records import SILENT, BlindRecord, ImportRecord, ModuleRecord, ReferenceRecord, Site

UNEXPLAINED = "unexplained"
COMPUTED = "computed-import"
NEAR = 3
"""Lines around a call in which its arguments are looked for."""


class Undeclared(NamedTuple):
    """Something that ran and that the inventory does not declare."""

    kind: str  # "import" | "class" | "module"
    file: str
    line: int
    what: str
    why: str  # UNEXPLAINED where nothing explains it


class Explanations:
    """Finds the reasons.

    Args:
        recording: what ran.
        inventory: what is declared.
        file_of: returns the inventory's name for a file of the recording.
    """

    def __init__(self, recording: Recording, inventory: Recording, file_of: Callable[[str], str]) -> None:
        self._recording = recording
        self._inventory = inventory
        self._file_of = file_of
        self._scanned = {record.file for _, record in inventory.of(ModuleRecord)}
        self._unread = {record.subject for _, record in inventory.of(BlindRecord)}

    def of(self, imports: Iterable[ImportRecord]) -> Iterator[Undeclared]:
        """Yield these imports, which match no declaration, and the modules and classes without one."""
        for record in imports:
            names = f" ({', '.join(record.names)})" if record.names else ""
            file, line = self._file_of(record.site.file), record.site.line
            yield Undeclared("import", file, line, f"imports {record.module}{names}", self._why(record))
        yield from self._modules()
        yield from self._classes()

    def _modules(self) -> Iterator[Undeclared]:
        for _, record in self._recording.of(ModuleRecord):
            file = self._file_of(record.file)
            why = self._why_not_scanned(file)
            if why:
                yield Undeclared("module", file, 0, record.module, why)

    def _classes(self) -> Iterator[Undeclared]:
        declared = {(name, cls.file) for cls in self._inventory.classes for name in (cls.name, as_main(cls))}
        lines = {(cls.file, cls.line): cls for cls in self._inventory.classes}
        for cls in self._recording.classes:
            file = self._file_of(cls.file)
            if cls.file and (cls.name, file) not in declared:
                why = self._why_not_scanned(file) or _why_no_class(lines.get((file, cls.line)))
                yield Undeclared("class", file, cls.line, cls.name, why)

    def _why(self, record: ImportRecord) -> str:
        site = record.site._replace(file=self._file_of(record.site.file))
        lines = self._lines.get((site.file, record.module), ())
        if unscanned := self._why_not_scanned(site.file):
            return unscanned
        if not site.line:
            return "the interpreter knew no line for it"
        if record.origin == "unpickling":
            return "it is unpickled there"
        if self._is_computed(site):
            return "the name is computed at run time"
        if self._is_named(site, record.module):
            return "a string there names it: what is called imports it, as `mock.patch` and settings do"
        if (site.file, site.line) not in self._lines_with_imports:
            return (
                "no import stands on this line: what is called there imports it, as unpickling and extension "
                "modules do, or another version of the file ran"
            )
        if lines:
            return f"the scan has it on line {min(lines)}: another version of the file ran"
        return UNEXPLAINED

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

    def _is_computed(self, site: Site) -> bool:
        return any(
            # Before 3.11 a process knows a function by the last part of its name only.
            record.site.line == site.line
            or site.function in (record.site.function, record.site.function.rpartition(".")[2])
            for record in self._computed.get(site.file, ())
        )

    def _is_named(self, site: Site, module: str) -> bool:
        """Does a string on the line, or next to it in a call over several lines, name the module?"""
        return any(
            is_within(split(record.target)[0], module)
            for line in range(site.line - NEAR, site.line + NEAR + 1)
            for record in self._named.get((site.file, line), ())
        )

    @cached_property
    def _lines(self) -> Mapping[tuple[str, str], set[int]]:
        found: dict[tuple[str, str], set[int]] = defaultdict(set)
        for _, record in self._inventory.of(ImportRecord):
            found[record.site.file, record.module].add(record.site.line)
        return found

    @cached_property
    def _lines_with_imports(self) -> frozenset[tuple[str, int]]:
        return frozenset(
            (record.site.file, record.site.line) for _, record in self._inventory.of(ImportRecord)
        )

    @cached_property
    def _named(self) -> Mapping[tuple[str, int], list[ReferenceRecord]]:
        found: dict[tuple[str, int], list[ReferenceRecord]] = defaultdict(list)
        for _, record in self._inventory.of(ReferenceRecord):
            if record.target and record.kind != SILENT:
                found[record.site.file, record.site.line].append(record)
        return found

    @cached_property
    def _computed(self) -> Mapping[str, list[ReferenceRecord]]:
        found: dict[str, list[ReferenceRecord]] = defaultdict(list)
        for _, record in self._inventory.of(ReferenceRecord):
            if record.kind == COMPUTED:
                found[record.site.file].append(record)
        return found


def as_main(cls: ClassObject) -> str:
    """Return what a class of the inventory is called where its file runs as the program."""
    return qualify("__main__", split(cls.name)[1])


def _why_no_class(declared: ClassObject | None) -> str:
    if declared is None:
        return "no class statement stands there: it is made at run time"
    return f"the scan knows it as {declared.name}: the file was loaded under another module name"
