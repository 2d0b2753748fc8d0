"""The table of paths: every name in a module that leads to a class of a concept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ssot_probe.analysis.join import EXECUTED, STATES, Join
from ssot_probe.analysis.legacy import covers
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import qualify, split


class Place(NamedTuple):
    """A place that imports a path, or declares to."""

    file: str
    line: int
    state: str  # of STATES
    count: int  # type: ignore[assignment]  # successful executions


class PathRow(NamedTuple):
    """A path and what it leads to."""

    path: str
    cls: str  # qualified name of the class
    kind: str  # of KINDS
    imports: int  # executed imports that fetched the name
    legacy: bool
    canonical: bool
    places: tuple[Place, ...]
    concept: str  # the first that the class plays


KINDS = ("definition", "alias", "renamed", "rebound")
"""`renamed`: under another name than the class's own; `rebound`: the path leads to other classes as well."""

Way = tuple[str, Path]  # class, path


def path_table(recording: Recording, concepts: Sequence[Members], joined: Join | None) -> tuple[PathRow, ...]:
    """Return one row per path and class, in order of class and path."""
    places: dict[Way, dict[tuple[str, int], list[Place]]] = defaultdict(lambda: defaultdict(list))
    for way, place in _places(recording, joined):
        places[way][place.file, place.line].append(place)
    owners: dict[str, list[Members]] = {}
    for members in concepts:
        for name in {cls.name for cls in members.all}:
            owners.setdefault(name, []).append(members)
    ways = {*_bound(recording), *places}
    if recording.inventory is not None:
        ways.update(_bound(recording.inventory))
    classes = Counter(path for _, path in ways)
    return tuple(
        _row(way, owners[way[0]], places.get(way, {}), classes[way[1]] > 1)
        for way in sorted(ways)
        if way[0] in owners
    )


def _row(
    way: Way,
    owners: Sequence[Members],
    places: Mapping[tuple[str, int], Sequence[Place]],
    is_ambiguous: bool,
) -> PathRow:
    name, path = way
    merged = [_merged(found) for _, found in sorted(places.items())]
    return PathRow(
        path=str(path),
        cls=name,
        kind=_kind(path, name, is_ambiguous),
        imports=sum(place.count for place in merged),
        legacy=any(covers(entry, path) for members in owners for entry in members.concept.legacy),
        canonical=any(str(path) == members.concept.canonical for members in owners),
        places=tuple(merged),
        concept=owners[0].concept.name,
    )


def _bound(recording: Recording) -> set[Way]:
    return {(cls.name, path) for path, cls in recording.namespaces.class_paths()}


def _places(recording: Recording, joined: Join | None) -> Iterator[tuple[Way, Place]]:
    counts: Counter[tuple[Way, str, int]] = Counter()
    for fetch in recording.fetches:
        if fetch.cls is not None:
            site = fetch.record.site
            file = joined.file(site.file) if joined is not None else site.file
            counts[(fetch.cls.name, fetch.path), file, site.line] += fetch.record.count
    for (way, file, line), count in counts.items():
        yield way, Place(file, line, EXECUTED, count)
    if joined is not None and recording.inventory is not None:
        for fetch in recording.inventory.fetches:
            if fetch.cls is not None:
                site = fetch.record.site
                yield (
                    (fetch.cls.name, fetch.path),
                    Place(site.file, site.line, joined.of[fetch.record].state, 0),
                )


def _merged(found: Sequence[Place]) -> Place:
    """Return one place: it may be known from the recording and from the source."""
    best = min(found, key=lambda place: STATES.index(place.state))
    return best._replace(count=sum(place.count for place in found))


def _kind(path: Path, name: str, is_ambiguous: bool) -> str:
    if qualify(*path) == name:
        return "definition"
    if is_ambiguous:
        return "rebound"
    return "alias" if path.name == split(name)[1].rpartition(".")[2] else "renamed"
