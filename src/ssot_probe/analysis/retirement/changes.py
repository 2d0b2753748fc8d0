"""How source changed while it was recorded: what older versions did, and were silent about, is of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ssot_probe.analysis.join import Join
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.use import Use
from ssot_probe.model.path_records import DefinitionRecord, SourceRecord, WatchedPathRecord


class Version(NamedTuple):
    """The newest content of something, and since when it is known.

    A getter and its setter share a name, so do overloads and what the branches of an `if` define: all of them
    that were told together are the newest.
    """

    first: int
    digests: frozenset[str]


class Changes:
    """The newest source of files and of watched paths; a scan counts as its time says.

    Args:
        recording: what was loaded, and when.
        joined: its join with its source, where that was scanned.
    """

    def __init__(self, recording: Recording, joined: Join | None) -> None:
        self._joined = joined
        self._loaded = {
            (process, self.file(record.file)): record.digest for process, record in recording.of(SourceRecord)
        }
        self._last_loaded: dict[tuple[str, str], int] = {}
        for _, record in recording.of(SourceRecord):
            version = self.file(record.file), record.digest
            self._last_loaded[version] = max(self._last_loaded.get(version, 0), record.time)
        inventory = recording.inventory
        scanned = inventory.of(SourceRecord) if inventory is not None else ()
        defined = inventory.of(DefinitionRecord) if inventory is not None else ()
        self._ran = {(process, record.digest) for process, record in recording.of(SourceRecord)}
        self._ran.update((process, record.digest) for process, record in recording.of(DefinitionRecord))
        self._files = _newest(
            (self.file(record.file), record.digest, record.time, process)
            for process, record in (*recording.of(SourceRecord), *scanned)
        )
        self._ran_files = _newest(
            (self.file(record.file), record.digest, record.time, process)
            for process, record in recording.of(SourceRecord)
        )
        self._paths = _newest(
            [
                *(
                    (record.path, record.digest, record.time, process)
                    for process, record in recording.of(WatchedPathRecord)
                    if record.kind != "absent"
                ),
                *(
                    (record.path, record.digest, record.time, process)
                    for process, record in defined
                    if _qualified(record) == record.path
                ),
            ]
        )

    def of_path(self, path: str) -> Version | None:
        """Return the newest version of a watched path."""
        return self._paths.get(path)

    def runs(self, process: str, version: Version) -> bool:
        """Does the process say that it loaded this version?"""
        return any((process, digest) in self._ran for digest in version.digests)

    def replaced(self, use: Use) -> Version | None:
        """Return the version of the file that used it that came after the use, where that is another one.

        What was used may have changed: who needs it needs the newest version. A version that was seen before
        the use proves nothing: the older one was still running then. Nor does one after which the older one
        was loaded again, as where the newer was tried in one place, or taken back.
        """
        file = self.file(use.site.file)
        loaded, newest = self._loaded.get((use.process, file), ""), self._files.get(file)
        if not loaded or newest is None or loaded in newest.digests or newest.first <= use.last:
            return None
        return newest if self._last_loaded[file, loaded] <= newest.first else None

    def is_newest(self, process: str, name: str) -> bool:
        """Did the process run the newest version of a file that any did, as far as it loaded it?"""
        file = self.file(name)
        loaded, newest = self._loaded.get((process, file), ""), self._ran_files.get(file)
        return not loaded or newest is None or loaded in newest.digests

    def file(self, name: str) -> str:
        """Return the source's name for a file of the recording, where it was scanned."""
        return self._joined.file(name) if self._joined is not None else name


def _newest(told: Iterable[tuple[str, str, int, str]]) -> Mapping[str, Version]:
    """Return what was told last of each name (a digest, at a time, by a process), and since when."""
    first: dict[tuple[str, str], int] = {}
    last: dict[str, tuple[int, str]] = {}
    together: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    for name, digest, time, process in told:
        if digest:
            first[name, digest] = min(first.get((name, digest), time), time)
            last[name] = max(last.get(name, (0, "")), (time, process))
            together[name, time, process].add(digest)
    newest: dict[str, Version] = {}
    for name, (time, process) in last.items():
        digests = frozenset(together[name, time, process])
        newest[name] = Version(min(first[name, digest] for digest in digests), digests)
    return newest


def _qualified(record: DefinitionRecord) -> str:
    definition = record.definition
    if record.kind == "module" or not definition.function:
        return definition.module
    return f"{definition.module}:{definition.function}"
