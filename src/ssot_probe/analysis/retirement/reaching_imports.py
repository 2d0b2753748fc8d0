"""The imports of a recording or inventory, by what they reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ssot_probe.analysis.fetches import Fetch, is_use
from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.by_module import ByModule
from ssot_probe.analysis.retirement.subjects import Subject
from ssot_probe.model.records import ImportRecord

FAILED = "failed"

Seen = tuple[str, ImportRecord]


class Imports:
    """The imports of a recording or inventory, by what they reach."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        told = recording.of(ImportRecord)
        self._executed: ByModule[Seen] = ByModule((seen[1].module, seen) for seen in told if is_use(seen[1]))
        self._failed: ByModule[Seen] = ByModule(
            (seen[1].module, seen) for seen in told if seen[1].outcome == FAILED
        )
        self._fetches: dict[Path, list[Fetch]] = defaultdict(list)
        for fetch in recording.fetches:
            self._fetches[fetch.path].append(fetch)

    def fetching(self, path: Path) -> list[Fetch]:
        """Return the fetches of a name."""
        return self._fetches.get(path, [])

    def reaching(self, subject: Subject) -> Iterator[tuple[str, ImportRecord, tuple[str, ...]]]:
        """Yield each successful import that reaches the path, with its process and the names that do."""
        if subject.name:
            top = subject.name.partition(".")[0]
            for fetch in self.fetching(Path(subject.module, top)):
                yield fetch.process, fetch.record, (top,)
            return
        for process, record in self._executed.within(subject.module):
            yield process, record, record.names
        for process, record in self._by_package(self._executed, subject.module):
            yield process, record, (subject.module.rpartition(".")[2],)

    def of_module(self, module: str) -> Iterator[Seen]:
        """Yield the imports that bind the module itself, so that anything in it can be reached."""
        yield from (seen for seen in self._executed.at(module) if not seen[1].names)
        yield from self._by_package(self._executed, module)

    def failed(self, subject: Subject) -> Iterator[Seen]:
        """Yield the imports that asked for the path, and failed."""
        if subject.name:
            top = subject.name.partition(".")[0]
            yield from (seen for seen in self._failed.at(subject.module) if top in seen[1].names)
            return
        yield from self._failed.within(subject.module)
        yield from self._by_package(self._failed, subject.module)

    def _by_package(self, imports: ByModule[Seen], module: str) -> Iterator[Seen]:
        package, _, last = module.rpartition(".")
        if package and not self._recording.namespaces.target(Path(package, last)):
            yield from (seen for seen in imports.at(package) if last in seen[1].names)
