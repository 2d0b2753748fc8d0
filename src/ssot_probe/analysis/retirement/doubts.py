"""Why uses of a path may have gone unseen: what is wrong with a recording, its processes or its source."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.days import NANOSECONDS, day_of, start_of
from ssot_probe.analysis.retirement.epochs import Doubt, Epoch
from ssot_probe.analysis.retirement.scanned_source import ScannedSource
from ssot_probe.analysis.retirement.subjects import Subject
from ssot_probe.analysis.retirement.watch import Watch
from ssot_probe.model.records import ImportRecord, ModuleRecord, ProcessRecord


class Doubts:
    """Finds what makes silence worthless.

    Args:
        recording: what was recorded.
        told: what is missing that nobody can tell to which process it belongs.
        counted: the processes whose silence counts, by identity.
        watch: how paths were watched.
        source: what was scanned of it.
        today: clocks that are ahead of this day are wrong.
    """

    def __init__(
        self,
        recording: Recording,
        told: Iterable[Doubt],
        counted: Mapping[str, Epoch],
        watch: Watch,
        source: ScannedSource,
        today: date,
    ) -> None:
        self._recording = recording
        self._told = tuple(told)
        self._counted = counted
        self._watch = watch
        self._source = source
        self._today = today

    @cached_property
    def of_everything(self) -> tuple[Doubt, ...]:
        """What is wrong with all that was recorded."""
        doubts = [*self._told]
        recording = self._recording
        if recording.of(ProcessRecord) and not recording.of(ModuleRecord) and not recording.of(ImportRecord):
            doubts.append(Doubt("no first-party module was seen at all: is `packages` right?", ""))
        if recording.inventory is not None and not recording.inventory.of(ModuleRecord):
            doubts.append(Doubt("the scan of the source found no module", ""))
        late = day_of(start_of(self._today) + 2 * 86_400 * NANOSECONDS)
        doubts += [
            Doubt("its clock is in the future", epoch.label)
            for epoch in self._counted.values()
            if epoch.last and day_of(epoch.last) > late
        ]
        return tuple(doubts)

    def of(
        self, subject: Subject, watched_as: str, watching: Collection[str], present: Sequence[Epoch]
    ) -> tuple[Doubt, ...]:
        """Return why uses of a path may have gone unseen.

        Args:
            subject: the path.
            watched_as: the path itself, or the watched path that it lies in.
            watching: the processes that watched it.
            present: of the processes that count, those in which it was, in whatever version: who used an
                older one may need the newest.
        """
        return tuple(
            dict.fromkeys((*self.of_everything, *self._gaps(subject, watched_as, watching, present)))
        )

    def _gaps(
        self, subject: Subject, watched_as: str, watching: Collection[str], present: Sequence[Epoch]
    ) -> Iterator[Doubt]:
        processes = frozenset(epoch.process for epoch in present)
        for process, epoch in self._counted.items():
            if process not in watching:
                yield Doubt("it did not watch the path: other policy or version", epoch.label)
            yield from epoch.doubts
        for cause, process in self._watch.obstacles(subject, watched_as, processes):
            epoch = self._counted[process]
            yield Doubt(cause, epoch.label, epoch.armed, epoch.last)
        for code in self._source.unmatched_in(subject):
            yield Doubt(f"{code.key} was used, and the scanned source does not define it", "")
