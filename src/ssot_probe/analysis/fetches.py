"""Executed imports, taken apart into the single names that they fetched and what these names meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.namespaces import Bound, Namespaces, Path
from ssot_probe.model.records import ImportRecord

MODULE_LEVEL = "<module>"
"""Name of the function of a site that is at the top of a module."""

Seen = tuple[str, ImportRecord]  # process, import


class Fetch(NamedTuple):
    """One name that an executed import fetched from a module."""

    process: str
    path: Path
    target: str  # qualified name of what it is bound to; "" when that is no class or function
    cls: ClassObject | None
    record: ImportRecord


def is_use(record: ImportRecord) -> bool:
    """Was the import executed, with success, for somebody who wanted what it names?"""
    return record.outcome != "failed" and record.origin != "sweep"


def fetches(imports: Iterable[Seen], namespaces: Namespaces) -> Iterator[Fetch]:
    """Yield the names that the imports fetched; a star stands for the names that both modules bind alike."""
    used = [seen for seen in imports if is_use(seen[1])]
    sources = _sources(used)
    for process, record in used:
        for name in _names(process, record, namespaces):
            bound = namespaces.at(process, Path(record.module, name), record.first)
            if bound is None and sources.get((process, record.site.module, name)) == {record.module}:
                bound = _as_received(process, record, name, namespaces)
            target, cls = bound or ("", None)
            yield Fetch(process, Path(record.module, name), target, cls, record)


def _names(process: str, record: ImportRecord, namespaces: Namespaces) -> Sequence[str]:
    if "*" not in record.names:
        return record.names
    theirs = namespaces.of(process, record.module)
    ours = namespaces.of(process, record.site.module)
    starred = [name for name, bound in sorted(theirs.items()) if ours.get(name) == bound]
    return [*(name for name in record.names if name != "*"), *starred]


def _sources(imports: Iterable[Seen]) -> dict[tuple[str, str, str], set[str]]:
    """Return from which modules each module imports a name at its top."""
    sources: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for process, record in imports:
        if record.site.function == MODULE_LEVEL:
            for name in record.names:
                sources[process, record.site.module, name].add(record.module)
    return sources


def _as_received(process: str, record: ImportRecord, name: str, namespaces: Namespaces) -> Bound | None:
    """Return what the importer now holds under a name that the imported module did not bind.

    A module may answer for a name without binding it, by `__getattr__`; a module that is not first-party
    has no bindings in the recording at all.
    """
    importer = record.site.module
    bound = namespaces.of(process, importer).get(name)
    return None if bound is None or bound.target.startswith(f"{importer}:") else bound
