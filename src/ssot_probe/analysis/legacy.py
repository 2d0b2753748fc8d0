"""Who uses a path that a concept declares legacy: its imports, and what is made by its members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ssot_probe.analysis.fetches import MODULE_LEVEL, is_use
from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import is_within, qualify, split
from ssot_probe.model.path_records import WatchedPathRecord
from ssot_probe.model.records import ImportRecord, Site


class Use(NamedTuple):
    """A legacy path was used at one place."""

    site: Site
    what: str  # in words, without how often
    while_loading: bool
    count: int  # type: ignore[assignment]
    first: int
    last: int


def covers(entry: str, path: Path | str) -> bool:
    """Does a legacy entry, a module with all below it or a name in a module, mean this module or path?"""
    if isinstance(path, str):
        return ":" not in entry and is_within(path, entry)
    return is_within(path.module, entry) if ":" not in entry else str(path) == entry


def uses(recording: Recording, entry: str) -> list[Use]:
    """Return all executed uses of a legacy entry, whoever made them. What is gone cannot be used."""
    kinds = {record.kind for _, record in recording.of(WatchedPathRecord) if record.path == entry}
    if kinds == {"absent"}:
        return []
    return sorted([*_imports(recording, entry), *_members_used(recording, entry)])


def _imports(recording: Recording, entry: str) -> Iterator[Use]:
    """One statement may show in several records, as the package, the module and the name that it reached."""
    places: dict[tuple[str, Site], dict[tuple[str, ...], list[ImportRecord]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for process, record, reached in reaching(recording, entry):
        target = (record.module, *reached)
        places[process, record.site][target].append(record)
    for (_, site), by_target in sorted(places.items()):
        reached_records = max(by_target.items(), key=lambda item: (sum(r.count for r in item[1]), item[0]))
        module, *names = reached_records[0]
        records = reached_records[1]
        what = f"imports {', '.join(names)} from {module}" if names else f"imports {module}"
        if all(record.origin == "unpickling" for record in records):
            what = f"unpickles something that says it is from {module}"
        yield Use(
            site,
            what,
            any(record.at_load for record in records),
            sum(record.count for record in records),
            min(record.first for found in by_target.values() for record in found),
            max(record.last for found in by_target.values() for record in found),
        )


def reaching(recording: Recording, entry: str) -> Iterator[tuple[str, ImportRecord, tuple[str, ...]]]:
    """Yield each import that reaches the entry, with its process and the names by which it does."""
    module, name = split(entry)
    if name:
        named = {(fetch.process, fetch.record) for fetch in recording.fetches if fetch.path == (module, name)}
        yield from ((process, record, (name,)) for process, record in sorted(named))
        return
    package, _, last = entry.rpartition(".")
    is_module = not recording.namespaces.target(Path(package, last))

    failed = {
        record.site
        for _, record in recording.of(ImportRecord)
        if record.outcome == "failed" and record.module == entry
    }

    def is_there(record: ImportRecord) -> bool:
        """Was there anything to reach? What is gone is told as failed, at the same place."""
        return record.site not in failed or entry in recording.loaded

    for process, record in recording.of(ImportRecord):
        if not is_use(record):
            continue
        if is_within(record.module, entry):
            yield process, record, record.names
        elif record.module == package and last in record.names and is_module and is_there(record):
            yield process, record, (last,)


def _members_used(recording: Recording, entry: str) -> Iterator[Use]:
    for _, cls, record in recording.makes:
        if record.kind == "constructor":
            if record.outcome != "constructed" or not _is_member(cls.name, entry):
                continue
            what = f"constructs {cls.name}"
        elif _is_member(record.maker, entry):
            what = f"calls {record.maker}"
        else:
            continue
        while_loading = record.site.function == MODULE_LEVEL
        yield Use(record.site, what, while_loading, record.count, record.first, record.last)


def _is_member(name: str, entry: str) -> bool:
    module, qualname = split(name)
    return covers(entry, module) or any(qualify(module, qualname[:end]) == entry for end in _ends(qualname))


def _ends(qualname: str) -> Iterable[int]:
    """Return where the name of each thing ends that `Class.method` names: at `Class`, and at the whole."""
    return [position for position, letter in enumerate(qualname) if letter == "."] + [len(qualname)]
