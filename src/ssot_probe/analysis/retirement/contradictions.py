"""Where source and recording say against each other: one of them is wrong, so neither proves a silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ssot_probe.analysis.join import Join
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.epochs import Epoch
from ssot_probe.analysis.retirement.residue import Importer
from ssot_probe.analysis.retirement.seen import Seen
from ssot_probe.analysis.retirement.subjects import Subject
from ssot_probe.analysis.retirement.uses import UseIndex
from ssot_probe.model.path_records import WatchedPathRecord
from ssot_probe.model.records import ModuleRecord


class Contradictions:
    """What must have been seen, by which processes."""

    def __init__(self, recording: Recording, joined: Join | None, index: UseIndex) -> None:
        self._index = index
        self._loaded_by: dict[str, set[str]] = defaultdict(set)
        for process, record in recording.of(ModuleRecord):
            if joined is not None and not record.preloaded:
                self._loaded_by[joined.file(record.file)].add(process)

    def of(
        self,
        subject: Subject,
        seen: Seen,
        importers: Iterable[Importer],
        present: Sequence[Epoch],
        watched: Mapping[str, WatchedPathRecord],
    ) -> str:
        """Return what is contradicted about a path, in words; "" for nothing."""
        processes = {epoch.process for epoch in present}
        if not seen.all and not seen.before and not seen.superseded:
            for importer in importers:
                is_run = importer.is_executed and importer.is_unconditional
                if is_run and not processes.isdisjoint(self._loaded_by.get(importer.file, ())):
                    place = f"{importer.file}:{importer.line}"
                    return f"{place} {importer.what} whenever it is loaded, and it was"
        for epoch in present:
            record = watched[epoch.process]
            if (record.constructed or record.called) and not self._index.has_told(subject, epoch.process):
                return f"{epoch.label} counted uses of it, and told of none"
        return ""
