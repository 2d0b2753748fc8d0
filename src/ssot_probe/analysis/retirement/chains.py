"""Why a path cannot go yet: the shortest chain of declared imports from what runs down to it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Optional

from ssot_probe.analysis.import_edges import edges_of
from ssot_probe.analysis.import_graph import STATIC_LOAD, Edge
from ssot_probe.analysis.join import NEVER, Join
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.residue import Importer, Residues
from ssot_probe.model.names import is_within, split
from ssot_probe.model.records import ImportRecord, ModuleRecord, ReferenceRecord

RAN, ENTRY_POINT, SCRIPT = "ran", "entry point", "script"
"""What a chain begins with: a module that was loaded; one that packaging names; one that is started."""


class Link(NamedTuple):
    """One declared import of a chain."""

    importer: str  # module
    imported: str  # module, or for the last link the path
    file: str
    line: int
    at_load: bool  # it stands at the top of its module


class Chain(NamedTuple):
    """Imports that lead down to a path, the outermost first."""

    begins: str  # RAN | ENTRY_POINT | SCRIPT
    links: tuple[Link, ...]


class Chains:
    """Finds the chains of an inventory; the graph is made once.

    Args:
        joined: of the recording and its inventory.
        inventory: what the source declares.
        residues: of the same.
    """

    def __init__(self, joined: Join, inventory: Recording, residues: Residues) -> None:
        self._residues = residues
        self._importers = _importers_by_module(inventory)
        self._begins = _beginnings(joined, inventory)

    def to(self, path: str) -> Optional[Chain]:
        """Return the shortest chain from something that runs down to a path; None where nothing leads there.

        Of several the first in order is taken, those that begin with what ran before all others.
        """
        reaching = [one for one in self._residues.importers(path) if one.state != NEVER]
        links = _last_links(reaching, path)
        waiting: deque[tuple[str, tuple[Link, ...]]] = deque(
            (module, (link,)) for module, link in sorted(links.items())
        )
        seen = set(links)
        nearest: list[Chain] = []
        while waiting:
            module, chain = waiting.popleft()
            if nearest and len(chain) > len(nearest[0].links):
                break
            begins = self._begins.get(module)
            if begins:
                nearest.append(Chain(begins, chain))
                continue
            for edge in self._importers.get(module, ()):
                if edge.importer not in seen:
                    seen.add(edge.importer)
                    waiting.append((edge.importer, (_link(edge), *chain)))
        return min(nearest, key=lambda chain: (chain.begins != RAN, chain.links), default=None)


def _last_links(importers: Iterable[Importer], path: str) -> dict[str, Link]:
    links: dict[str, Link] = {}
    for one in sorted(importers, key=lambda one: (not one.is_direct, not one.at_load, one)):
        links.setdefault(one.module, Link(one.module, path, one.file, one.line, one.at_load))
    return links


def _importers_by_module(inventory: Recording) -> Mapping[str, Sequence[Edge]]:
    """Return who imports each module; a package is loaded by whoever imports a module in it."""
    modules = {record.module for _, record in inventory.of(ModuleRecord)}
    found: dict[str, dict[str, Edge]] = defaultdict(dict)
    for edge in sorted(edges_of(inventory.of(ImportRecord), modules), key=_firmness):
        parts = edge.imported.split(".")
        for end in range(1, len(parts) + 1):
            loaded = ".".join(parts[:end])
            if loaded in modules and not is_within(edge.importer, loaded):
                found[loaded].setdefault(edge.importer, edge)
    return {module: tuple(sorted(edges.values())) for module, edges in found.items()}


def _firmness(edge: Edge) -> tuple[bool, Edge]:
    return edge.kind != STATIC_LOAD, edge


def _link(edge: Edge) -> Link:
    return Link(edge.importer, edge.imported, edge.file, edge.line, edge.kind == STATIC_LOAD)


def _beginnings(joined: Join, inventory: Recording) -> dict[str, str]:
    begins: dict[str, str] = {}
    for _, record in inventory.of(ModuleRecord):
        if record.file.endswith("__main__.py"):
            begins[record.module] = SCRIPT
    for _, imported in inventory.of(ImportRecord):
        if imported.guard == "main":
            begins[imported.site.module] = SCRIPT
    for _, reference in inventory.of(ReferenceRecord):
        if reference.kind == "entry-point":
            begins[split(reference.target)[0]] = ENTRY_POINT
    for _, record in inventory.of(ModuleRecord):
        if record.file in joined.loaded_files:
            begins[record.module] = RAN
    return begins
