"""How far a migration is: per legacy path, which files still import it, run or not, and which are gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ssot_probe.analysis.join import DECLARED, EXECUTED, FAILED, LOADED, NEVER, STATES, UNKNOWN, Join, join
from ssot_probe.analysis.legacy import covers, reaching
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import split
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import SILENT, ImportRecord, ReferenceRecord

GONE = "gone"
NOT_SEEN = "not seen"
"""It was imported there in the baseline, and nothing says that it is not any more."""

NAMED = "named"
"""A string or a configuration file says the path; whether it is ever used cannot be read from that."""

ORDER = (*STATES, NAMED, NOT_SEEN, GONE)
UNTOUCHED = (FAILED, LOADED, DECLARED, NEVER)


class Importer(NamedTuple):
    """A place that imports a legacy path, or did so when the baseline was recorded."""

    file: str
    line: int
    what: str
    state: str  # one of ORDER
    count: int  # type: ignore[assignment]  # successful executions; of the baseline's where it is gone


class Progress(NamedTuple):
    """What is left of one legacy path."""

    path: str
    concept: str
    executed: int  # files
    not_executed: int  # files that declare an import which did not run, or not with success
    unknown: int  # files whose import may have run unseen
    named: int  # files that only name it
    not_seen: int  # files of the baseline that were not seen to import it again, and may still do so
    gone: int  # files of the baseline whose source does not import it any more
    is_scanned: bool  # False: files that did not run are unknown
    is_compared: bool  # False: there was no baseline, so nothing can be gone
    unseen: str  # why imports of it could not be observed, "" where they were
    importers: tuple[Importer, ...]


class _Side(NamedTuple):
    """A recording and its join with the inventory that came with it."""

    recording: Recording
    joined: Join | None


def migration(
    recording: Recording,
    concepts: Sequence[Members],
    joined: Join | None = None,
    baseline: Recording | None = None,
) -> tuple[Progress, ...]:
    """Return the progress of each legacy path, in the order of the policy.

    Args:
        recording: how things are.
        concepts: the concepts in force; only what they declare legacy counts.
        joined: the recording's join with its source, where that was scanned.
        baseline: an earlier recording, of before the migration or on the way.
    """
    now = _Side(recording, joined)
    before = _Side(baseline, join(baseline)) if baseline is not None else None
    return tuple(
        _progress(now, members.concept, entry, before)
        for members in concepts
        for entry in dict.fromkeys(members.concept.legacy)
    )


def _progress(now: _Side, concept: Concept, entry: str, before: _Side | None) -> Progress:
    found = _importers(now, entry)
    files = {importer.file for importer in found}
    gone = [
        importer._replace(state=GONE if _is_read(now, importer.file) else NOT_SEEN)
        for importer in (_importers(before, entry) if before is not None else ())
        if importer.file not in files and importer.state != NAMED
    ]
    by_file: dict[str, str] = {}
    for importer in (*found, *gone):
        state = by_file.setdefault(importer.file, importer.state)
        by_file[importer.file] = min(state, importer.state, key=ORDER.index)
    states = list(by_file.values())
    return Progress(
        path=entry,
        concept=concept.name,
        executed=states.count(EXECUTED),
        not_executed=sum(states.count(state) for state in UNTOUCHED),
        unknown=states.count(UNKNOWN),
        named=states.count(NAMED),
        not_seen=states.count(NOT_SEEN),
        gone=states.count(GONE),
        is_scanned=now.joined is not None,
        is_compared=before is not None,
        unseen=now.recording.unseen_imports.get(split(entry)[0], ""),
        importers=tuple(sorted((*found, *gone), key=_rank)),
    )


def _is_read(side: _Side, file: str) -> bool:
    """Does the scan tell of every import of the file: was it read, and does it compute no name?"""
    return side.joined is not None and side.joined.is_read(file)


def _importers(side: _Side, entry: str) -> list[Importer]:
    """Return the places outside of the legacy path itself that import it."""
    recording, joined = side
    places: dict[tuple[str, int], list[Importer]] = defaultdict(list)
    for record, names in _executed(recording, entry):
        file = joined.file(record.site.file) if joined is not None else record.site.file
        importer = Importer(file, record.site.line, _what(record, names), EXECUTED, record.count)
        places[file, record.site.line].append(importer)
    if joined is not None and recording.inventory is not None:
        for record, names in _executed(recording.inventory, entry):
            place = record.site.file, record.site.line
            state = joined.of[record].state
            if not places.get(place) or state != EXECUTED:
                places[place].append(Importer(*place, _what(record, names), state, 0))
        for reference in _references(recording.inventory, entry):
            place = reference.site.file, reference.site.line
            if not places.get(place):
                what = f"names {reference.target} ({reference.kind})"
                places[place].append(Importer(*place, what, NAMED, 0))
    return [_merged(found) for _, found in sorted(places.items())]


def _executed(recording: Recording, entry: str) -> Iterator[tuple[ImportRecord, tuple[str, ...]]]:
    for _, record, names in reaching(recording, entry):
        if not covers(entry, record.site.module):
            yield record, names


def _references(inventory: Recording, entry: str) -> Iterator[ReferenceRecord]:
    for _, record in inventory.of(ReferenceRecord):
        module = split(record.target)[0]
        is_meant = covers(entry, module) or record.target == entry
        if is_meant and record.kind not in ("deprecated", SILENT) and not covers(entry, record.site.module):
            yield record


def _merged(found: Sequence[Importer]) -> Importer:
    """Return one importer for a place: one statement shows as the package, the module and the name."""
    best = min(found, key=lambda importer: (ORDER.index(importer.state), -len(importer.what), importer.what))
    counts: Mapping[str, int] = _sums(found)
    return best._replace(count=max(counts.values()))


def _sums(found: Iterable[Importer]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for importer in found:
        sums[importer.what] += importer.count
    return sums


def _what(record: ImportRecord, names: Sequence[str]) -> str:
    return f"imports {', '.join(names)} from {record.module}" if names else f"imports {record.module}"


def _rank(importer: Importer) -> tuple[int, str, int]:
    return ORDER.index(importer.state), importer.file, importer.line
