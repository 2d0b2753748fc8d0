"""What still names a path that is to be deleted, outside of it: imports, strings, settings, re-exports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from ssot_probe.analysis.join import EXECUTED, NEVER, STATES, Join
from ssot_probe.analysis.legacy import covers
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.undeclared import COMPUTED
from ssot_probe.model.names import is_within, qualify, split
from ssot_probe.model.records import (
    RUN_SOURCE,
    SILENT,
    BindingRecord,
    ImportRecord,
    ModuleRecord,
    ReferenceRecord,
    Site,
)

RE_EXPORT = "re-export"
_DEPRECATED = "deprecated"


class Importer(NamedTuple):
    """An import that source declares outside of the path."""

    file: str
    line: int
    module: str  # that it stands in
    what: str  # in words
    guard: str  # "type-checking" | "try" | "except" | "branch" | "main"; "" where nothing guards it
    at_load: bool  # it stands at the top of its module
    state: str  # one of `join.STATES`
    count: int  # type: ignore[assignment]  # successful executions
    is_direct: bool  # False: it imports the module of a name, which may be reached as an attribute of it
    function: str = ""  # that it stands in, "<module>" at the top

    @property
    def is_executed(self) -> bool:
        """Did it run, with success?"""
        return self.state == EXECUTED

    @property
    def is_pending(self) -> bool:
        """Could it still run, and has not, as far as is known?"""
        return self.state not in (EXECUTED, NEVER)

    @property
    def is_unconditional(self) -> bool:
        """Does whoever loads its file run it, and reach the path by that?"""
        return self.at_load and not self.guard and self.is_direct


class Mention(NamedTuple):
    """A place that names the path and imports nothing there."""

    file: str
    line: int  # 0 where none is known, such as in a pickle
    kind: str  # "string" | "configuration" | "entry-point" | "pickle" | "re-export"
    what: str  # as it is named: `module` or `module:Name`

    @property
    def place(self) -> str:
        """Where it stands, as "file:line"."""
        return f"{self.file}:{self.line}" if self.line else self.file


class ComputedImport(NamedTuple):
    """An import whose module only the running program knows: it may be of any path."""

    file: str
    line: int
    function: str
    module: str


class Residue(NamedTuple):
    """What would still name a path when it is deleted."""

    path: str
    importers: tuple[Importer, ...]
    mentions: tuple[Mention, ...]
    computed: tuple[ComputedImport, ...]  # outside of all that is to be deleted


_Import = tuple[ImportRecord, tuple[str, ...], bool]  # the names that it reaches a path by; does it say that?


class Residues:
    """Finds what names paths, in an inventory whose records are put in order once.

    Args:
        joined: of the recording and its inventory.
        inventory: what the source declares.
    """

    def __init__(self, joined: Join, inventory: Recording) -> None:
        self._joined = joined
        self._inventory = inventory

    def of(self, path: str, dead: Sequence[str] = ()) -> Residue:
        """Return what names a path outside of it.

        Args:
            path: as the policy writes it.
            dead: further paths that are to be deleted with it; what stands in them is left out.
        """
        deleted = (path, *dead)
        importers = [
            found for found in self.importers(path) if not _is_in(deleted, found.module, found.function)
        ]
        places = {(found.file, found.line) for found in importers}
        mentions = {*self._references(path, deleted), *self._re_exports(path, deleted)}
        return Residue(
            path,
            tuple(importers),
            tuple(
                sorted(one for one in mentions if one.kind == RE_EXPORT or (one.file, one.line) not in places)
            ),
            tuple(one for one in self.computed if not _is_in(deleted, one.module)),
        )

    def importers(self, path: str) -> list[Importer]:
        """Return every declared import outside of a path that reaches it, each place once."""
        module = split(path)[0]
        return sorted(
            _each_place_once(
                self._importer(*found)
                for found in self._reaching(path)
                if not covers(path, found[0].site.module) and found[0].site.module != module
            )
        )

    def silent_uses(self, path: str, dead: Sequence[str] = ()) -> list[Mention]:
        """Return where code that stays uses classes of a path without running any of their code."""
        deleted = (path, *dead)
        return sorted(
            Mention(record.site.file, record.site.line, record.kind, record.target)
            for record in self._silent_within.get(split(path)[0], ())
            if ":" not in path or _is_of(record.target, path)
            if not _is_in(deleted, record.site.module, record.site.function)
        )

    def run_sources(self, path: str, dead: Sequence[str] = ()) -> list[str]:
        """Return where code that stays runs source text that may be anything, each as "file:line"."""
        deleted = (path, *dead)
        places = {(one.file, one.line) for one in self._run_sources if not _is_in(deleted, one.module)}
        return [f"{file}:{line}" for file, line in sorted(places)]

    @cached_property
    def computed(self) -> tuple[ComputedImport, ...]:
        """Every import of the inventory whose module only the running program knows."""
        references = (record for _, record in self._inventory.of(ReferenceRecord) if record.kind == COMPUTED)
        places = {(one.site.file, one.site.line, one.site.function, one.site.module) for one in references}
        return tuple(sorted(ComputedImport(*place) for place in places))

    def _importer(self, record: ImportRecord, reached: tuple[str, ...], is_direct: bool) -> Importer:
        declared = self._joined.of[record]
        named = ", ".join(reached)
        return Importer(
            record.site.file,
            record.site.line,
            record.site.module,
            f"imports {named} from {record.module}" if named else f"imports {record.module}",
            record.guard,
            record.at_load,
            declared.state,
            declared.count,
            is_direct,
            record.site.function,
        )

    def _reaching(self, path: str) -> Iterator[_Import]:
        module, name = split(path)
        first = name.partition(".")[0]
        for record in self._imports_within.get(module, ()):
            if not first:
                yield record, record.names, True
            elif record.module == module:
                is_named = first in record.names or (module, first, record) in self._starred
                if is_named or not record.names:
                    yield record, (first,) if is_named else (), is_named
        if module in self._files:
            last = module.rpartition(".")[2]
            yield from ((record, (last,), not first) for record in self._imports_by_name.get(module, ()))

    def _references(self, path: str, deleted: Sequence[str]) -> Iterator[Mention]:
        module, name = split(path)
        first = name.partition(".")[0]
        for record in self._references_within.get(module, ()):
            is_meant = not first or (
                record.target == qualify(module, first) or _is_of(record.target, qualify(module, name))
            )
            inside = record.site.module or self._modules.get(record.site.file, "")
            is_own = bool(first) and inside == module
            if is_meant and not is_own and not _is_in(deleted, inside, record.site.function):
                yield Mention(record.site.file, record.site.line, record.kind, record.target)

    def _re_exports(self, path: str, deleted: Sequence[str]) -> Iterator[Mention]:
        module, name = split(path)
        first = name.partition(".")[0]
        for binding in self._bindings_within.get(module, ()):
            is_meant = not first or binding.target == qualify(module, first)
            if is_meant and binding.module != module and not _is_in(deleted, binding.module):
                names = (binding.attribute, split(binding.target)[1])
                lines = [
                    self._lines[binding.module, one] for one in names if (binding.module, one) in self._lines
                ]
                file = self._files.get(binding.module, binding.module)
                yield Mention(file, min(lines, default=0), RE_EXPORT, f"{binding.module}:{binding.attribute}")

    @cached_property
    def _files(self) -> Mapping[str, str]:
        return {record.module: record.file for _, record in self._inventory.of(ModuleRecord)}

    @cached_property
    def _modules(self) -> Mapping[str, str]:
        return {file: module for module, file in self._files.items()}

    @cached_property
    def _imports_within(self) -> Mapping[str, Sequence[ImportRecord]]:
        """The imports of each module and of all below it."""
        found: dict[str, list[ImportRecord]] = defaultdict(list)
        for _, record in self._inventory.of(ImportRecord):
            for package in _packages(record.module):
                found[package].append(record)
        return found

    @cached_property
    def _imports_by_name(self) -> Mapping[str, Sequence[ImportRecord]]:
        """The imports that fetch a module as a name of its package."""
        found: dict[str, list[ImportRecord]] = defaultdict(list)
        for _, record in self._inventory.of(ImportRecord):
            for name in record.names:
                found[f"{record.module}.{name}"].append(record)
        return found

    @cached_property
    def _starred(self) -> frozenset[tuple[str, str, ImportRecord]]:
        return frozenset(
            (fetch.path.module, fetch.path.name, fetch.record)
            for fetch in self._inventory.fetches
            if "*" in fetch.record.names
        )

    @cached_property
    def _references_within(self) -> Mapping[str, Sequence[ReferenceRecord]]:
        found: dict[str, list[ReferenceRecord]] = defaultdict(list)
        for _, record in self._inventory.of(ReferenceRecord):
            if record.target and record.kind not in (COMPUTED, _DEPRECATED, SILENT, RUN_SOURCE):
                for package in _packages(split(record.target)[0]):
                    found[package].append(record)
        return found

    @cached_property
    def _run_sources(self) -> list[Site]:
        return [record.site for _, record in self._inventory.of(ReferenceRecord) if record.kind == RUN_SOURCE]

    @cached_property
    def _silent_within(self) -> Mapping[str, Sequence[ReferenceRecord]]:
        found: dict[str, list[ReferenceRecord]] = defaultdict(list)
        for _, record in self._inventory.of(ReferenceRecord):
            if record.kind == SILENT:
                for package in _packages(split(record.target)[0]):
                    found[package].append(record)
        return found

    @cached_property
    def _bindings_within(self) -> Mapping[str, Sequence[BindingRecord]]:
        """The names that lead to something that another module defines, by the packages of that."""
        found: dict[str, list[BindingRecord]] = defaultdict(list)
        for _, record in self._inventory.of(BindingRecord):
            module = split(record.target)[0]
            if record.module != module:
                for package in _packages(module):
                    found[package].append(record)
        return found

    @cached_property
    def _lines(self) -> Mapping[tuple[str, str], int]:
        """The first line at which a module imports a name while it is loaded."""
        lines: dict[tuple[str, str], int] = {}
        for _, record in self._inventory.of(ImportRecord):
            if record.at_load:
                for name in record.names:
                    key = record.site.module, name
                    lines[key] = min(lines.get(key, record.site.line), record.site.line)
        return lines


def _packages(module: str) -> Iterator[str]:
    """Yield a module and the packages around it."""
    while module:
        yield module
        module = module.rpartition(".")[0]


def _each_place_once(importers: Iterable[Importer]) -> list[Importer]:
    """Return one importer for a place: one statement shows as the package, the module and the name."""
    best: dict[tuple[str, int], Importer] = {}
    for importer in importers:
        place = importer.file, importer.line
        best[place] = min(best.get(place, importer), importer, key=_rank)
    return list(best.values())


def _rank(importer: Importer) -> tuple[bool, int, int, str]:
    return not importer.is_direct, STATES.index(importer.state), -len(importer.what), importer.what


def _is_in(paths: Sequence[str], module: str, function: str = "") -> bool:
    """Does code at the top of a module, or in a function of it, belong to one of the paths?"""
    here = qualify(module, function)
    return bool(module) and any(
        _is_of(here, path) if ":" in path else is_within(module, path) for path in paths
    )


def _is_of(name: str, path: str) -> bool:
    return name == path or name.startswith(f"{path}.")
