"""The table of paths: every name in a module that leads to a class of a concept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.legacy import covers
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import qualify


class PathRow(NamedTuple):
    """A path and what it leads to."""

    path: str
    cls: str  # qualified name of the class
    kind: str  # "definition" | "alias" | "renamed": bound under another name than the class's own
    imports: int  # executed imports that fetched the name
    legacy: bool
    canonical: bool


def path_table(recording: Recording, concepts: Sequence[Members]) -> tuple[PathRow, ...]:
    """Return one row per path and class, in order of class and path."""
    imports: Counter[tuple[Path, ClassObject]] = Counter()
    for fetch in recording.fetches:
        if fetch.cls is not None:
            imports[fetch.path, fetch.cls] += fetch.record.count
    leads = {*recording.namespaces.class_paths(), *imports}
    counts: Counter[tuple[str, Path, str]] = Counter()
    owners: dict[str, list[Members]] = {}
    for members in concepts:
        for name in {cls.name for cls in members.all}:
            owners.setdefault(name, []).append(members)
    for path, cls in leads:
        if cls.name in owners:
            counts[cls.name, path, cls.own_name] += imports[path, cls]
    return tuple(
        PathRow(
            path=str(path),
            cls=name,
            kind=_kind(path, name, own_name),
            imports=count,
            legacy=any(covers(entry, path) for members in owners[name] for entry in members.concept.legacy),
            canonical=any(str(path) == members.concept.canonical for members in owners[name]),
        )
        for (name, path, own_name), count in sorted(counts.items())
    )


def _kind(path: Path, name: str, own_name: str) -> str:
    if qualify(*path) == name:
        return "definition"
    return "alias" if path.name == own_name else "renamed"
