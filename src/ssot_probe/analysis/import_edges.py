"""The imports of a recording as edges of a graph: what each module asked for, at which place."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from ssot_probe.analysis.fetches import MODULE_LEVEL
from ssot_probe.analysis.import_graph import DEFERRED, LOAD, STATIC_DEFERRED, STATIC_LOAD, Edge
from ssot_probe.analysis.join import Join
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import is_within
from ssot_probe.model.records import CycleRecord, ImportRecord, ModuleRecord


class _Place(NamedTuple):
    process: str
    file: str
    line: int


def import_edges(recording: Recording, joined: Join | None = None) -> list[Edge]:
    """Return what a recording knows of who imports whom, counts added up over its processes.

    With the join of the recording and its source, what that declares comes with it.
    """
    imports = recording.of(ImportRecord)
    known = {record.module for _, record in recording.of(ModuleRecord)}
    executed = (*edges_of(imports, known), *_loads(recording, imports), *_cycles(recording))
    declared = _declared(recording.inventory, joined) if recording.inventory and joined else ()
    counts: Counter[Edge] = Counter()
    for edge in (*executed, *declared):
        counts[edge._replace(count=0)] += edge.count
    return [edge._replace(count=count) for edge, count in sorted(counts.items())]


def edges_of(imports: Iterable[tuple[str, ImportRecord]], modules: Collection[str]) -> Iterator[Edge]:
    """Yield the edges of import records, each with its process.

    What only type checkers see is none, nor is what failed or what tools did. A submodule that is asked of
    its package is an edge to the submodule; that its packages come with it is none.

    Args:
        imports: executed ones, or those that source declares.
        modules: those that are known, to tell submodules from other names.
    """
    by_place: dict[_Place, list[ImportRecord]] = defaultdict(list)
    for process, record in imports:
        if record.outcome != "failed" and record.origin != "sweep" and record.guard != "type-checking":
            by_place[_Place(process, record.site.file, record.site.line)].append(record)
    for records in by_place.values():
        asked = {record.module for record in records}
        for record in records:
            for module in _targets(record, asked, modules):
                yield _edge(record, module)


def _declared(inventory: Recording, joined: Join) -> Iterator[Edge]:
    """Yield the imports between scanned modules; what nothing guards ran when its module was loaded."""
    scanned = {record.module for _, record in inventory.of(ModuleRecord)}
    seen_loading = joined.loaded_files - joined.late_files
    imports = []
    for process, record in inventory.of(ImportRecord):
        ran = record.at_load and not record.guard and record.site.file in seen_loading
        imports.append((process, record._replace(origin="application") if ran else record))
    for edge in edges_of(imports, scanned):
        if edge.imported in scanned:
            yield edge


def _targets(record: ImportRecord, asked: Collection[str], modules: Collection[str]) -> Iterator[str]:
    if not record.names:
        if not any(other != record.module and is_within(other, record.module) for other in asked):
            yield record.module
        return
    submodules = {f"{record.module}.{name}" for name in record.names}
    # Of a module that was there, the recorder has told which names are submodules.
    is_told = record.outcome == "cached"
    own = {name for name in submodules if name in asked or (not is_told and name in modules)}
    yield from sorted(own)
    if own != submodules:
        yield record.module


def _edge(record: ImportRecord, module: str) -> Edge:
    is_static = record.origin == "static"
    at_load, later = (STATIC_LOAD, STATIC_DEFERRED) if is_static else (LOAD, DEFERRED)
    site = record.site
    return Edge(
        importer=site.module,
        imported=module,
        kind=at_load if record.at_load else later,
        file=site.file,
        line=site.line,
        function=site.function,
        count=record.count,
    )


def _loads(recording: Recording, imports: Iterable[tuple[str, ImportRecord]]) -> Iterator[Edge]:
    """Yield who loaded the modules whose imports are not watched: inside a function, it is told apart."""
    told = {
        (_Place(process, record.site.file, record.site.line), record.module) for process, record in imports
    }
    asked: dict[_Place, set[str]] = defaultdict(set)
    for place, module in told:
        asked[place].add(module)
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    loaded = []
    for process, record in recording.of(ModuleRecord):
        names[process, record.file].add(record.module)
        file, _, line = record.importer.rpartition(":")
        if file and line.isdecimal():
            place = _Place(process, file, int(line))
            asked[place].add(record.module)
            loaded.append((place, record.module))
    for place, module in loaded:
        importers = names.get((place.process, place.file), set())
        is_implied = any(other != module and is_within(other, module) for other in asked[place])
        if len(importers) == 1 and not is_implied and (place, module) not in told:
            (importer,) = importers
            yield Edge(importer, module, LOAD, place.file, place.line, MODULE_LEVEL, 1)


def _cycles(recording: Recording) -> Iterator[Edge]:
    """Yield the imports of cycles at load: all of them ran then, those inside functions too."""
    for _, record in recording.of(CycleRecord):
        for importer, module, place in zip(record.importers, record.modules, record.places):
            file, _, line = place.rpartition(":")
            if line.isdecimal():
                yield Edge(importer, module, LOAD, file, int(line), MODULE_LEVEL, 1)
