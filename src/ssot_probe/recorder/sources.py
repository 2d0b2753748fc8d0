"""Says which source the process runs: digests of first-party files, read at leisure in the pump's thread.

A file counts only if it has not changed since before the probe started: nobody can tell what was in it when
it was loaded otherwise, so its digest is left open then.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from time import monotonic

from ssot_probe.model.path_records import SourceRecord
from ssot_probe.model.records import ModuleRecord
from ssot_probe.model.source_digest import file_digest
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.scope import Scope
from ssot_probe.recorder.source_files import read_source

FILES_PER_CYCLE = 20

MOST_FILES = 20_000
"""Files beyond that are not read: which source they are stays unknown."""

LAST_SECONDS = 0.2
"""How long reading may take when the process ends."""


class Sources:
    """Tells each file once.

    Args:
        scope: which files are first-party, and how reports call them.
        since: when the probe started, in this process or in the one that it was forked from; nanoseconds
            since the epoch. What it saw being loaded was loaded later.
        known: digests by path; a forked child has those of its parent.
    """

    def __init__(self, scope: Scope, since: int, known: dict[str, str]) -> None:
        self._scope = scope
        self.since = since
        self._known = known
        self._seen: set[str] = set()
        self._waiting: list[str] = []
        self._told: dict[str, str] = {}

    def take_module(self, record: ModuleRecord) -> None:
        """Take in a module that was loaded."""
        file = namespace_of(sys.modules.get(record.module)).get("__file__")
        if isinstance(file, str) and self._scope.relative(file) == record.file:
            if record.preloaded:
                self._known[file] = ""  # nobody knows when that was
            self._take(file)

    def take_files(self, files: Iterable[str]) -> None:
        """Take in files in which something was seen; those of others than the project are left out."""
        for file in files:
            if file not in self._seen and os.path.isabs(file) and self._scope.is_project_file(file):
                self._take(file)

    def due(self, now: int, is_final: bool, rest: Callable[[], None]) -> Iterator[SourceRecord]:
        """Yield some of the files that wait, all of them in the end if there is time; rest between two."""
        deadline = monotonic() + LAST_SECONDS
        left = len(self._waiting) if is_final else FILES_PER_CYCLE
        while self._waiting and left and monotonic() < deadline:
            left -= 1
            path = self._waiting.pop()
            digest = self._known.get(path)
            if digest is None:
                digest = self._known[path] = self._digest(path)
                rest()
            file = self._scope.relative(path)
            if self._told.get(file) != digest:
                if file in self._told:
                    digest = ""  # two files that reports cannot tell apart
                self._told[file] = digest
                yield SourceRecord(file, digest, now)

    def _take(self, path: str) -> None:
        if path not in self._seen and len(self._seen) < MOST_FILES:
            self._seen.add(path)
            self._waiting.append(path)

    def _digest(self, path: str) -> str:
        content = read_source(path, self.since)
        return "" if content is None else file_digest(content)
