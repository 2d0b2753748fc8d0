"""Which processes are evidence about a path: they watched the newest version of it and of who uses it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from ssot_probe.analysis.retirement.changes import Changes
from ssot_probe.analysis.retirement.epochs import Epoch
from ssot_probe.analysis.retirement.scanned_source import ScannedSource
from ssot_probe.analysis.retirement.seen import Seen, Sorter, reinstated
from ssot_probe.analysis.retirement.subjects import Subject
from ssot_probe.analysis.retirement.use import Use
from ssot_probe.analysis.retirement.uses import UseIndex
from ssot_probe.analysis.retirement.watch import ABSENT, ALIAS, Watch, unheard_of
from ssot_probe.analysis.retirement.window import Window, window_of
from ssot_probe.model.path_records import WatchedPathRecord
from ssot_probe.model.policy import Dead

Watched = Mapping[str, WatchedPathRecord]


class About(NamedTuple):
    """What is known of one path."""

    watched_as: str  # the watched path that it is or lies in, "" for none
    watched: Watched  # what each process said of it last
    seen: Seen
    former: list[Use]  # by older versions of the files that used it
    importing: frozenset[str]  # those of these files that still import it
    there: list[Epoch]  # the counted processes that watched it and had it
    present: list[Epoch]  # those of them that ran the newest version of all that matters
    window: Window  # the days of these


class Evidence:
    """Gathers what is known of a path.

    Args:
        index: everything that can be a use.
        sorter: sorts uses by what they say.
        watch: how each path was watched.
        changes: of the source while it was recorded.
        source: what was scanned.
        counted: the processes whose silence counts.
        dead: what the policy asks of them.
        since: what happened before this day does not count.
    """

    def __init__(
        self,
        index: UseIndex,
        sorter: Sorter,
        watch: Watch,
        changes: Changes,
        source: ScannedSource,
        counted: Mapping[str, Epoch],
        dead: Dead,
        since: date | None,
    ) -> None:
        self._index = index
        self._sorter = sorter
        self._watch = watch
        self._changes = changes
        self._source = source
        self._counted = counted
        self._dead = dead
        self._since = since
        self._windows: dict[frozenset[str], Window] = {}

    def about(self, subject: Subject) -> About:
        """Return what is known of a path."""
        watched_as, watched = self._watched(subject)
        kinds = Counter(record.kind for record in watched.values())
        seen = self._sorter.seen(subject, ALIAS in kinds or self._index.aliases.is_alias(subject.path))
        seen = _in_vain(seen, subject, watched)
        watching = [epoch for process, epoch in self._counted.items() if process in watched]
        current = [epoch for epoch in watching if self._is_current(watched_as, watched[epoch.process].digest)]
        former = [use for use, _ in seen.superseded]
        importing = self._still_importing(subject, seen) if former else frozenset()
        seen = reinstated(seen, importing)
        if seen.superseded and not any(self._is_proof(epoch, seen) for epoch in current):
            seen = reinstated(seen)
        there = [epoch for epoch in watching if not is_absent(watched[epoch.process])]
        present = [
            epoch
            for epoch in current
            if not is_absent(watched[epoch.process]) and self._is_after(epoch, seen)
        ]
        callers = _callers(subject, seen)
        window = self._window([epoch for epoch in present if self._is_newest(epoch, callers)])
        return About(watched_as, watched, seen, former, importing, there, present, window)

    def _watched(self, subject: Subject) -> tuple[str, Watched]:
        """Return the watched path that a path is or lies in, and what each process said of the path.

        A name in a watched module is known as far as the module is: where that was never loaded nothing of
        it was; where it was loaded, the source must say that the name is a class or a function.
        """
        path = subject.path
        around = self._watch.around(path)
        records = self._watch.of(around)
        if around == path or not around:
            return path, records
        kind = self._source.kind_of(path)
        told = {}
        for process, record in records.items():
            if record.kind in (ABSENT, "unknown") or (record.kind == ALIAS and ":" not in around):
                known = record.kind
            elif kind:
                known = kind
            else:
                continue
            unheard = unheard_of(record.unheard, subject.name) if kind == "function" else record.unheard
            told[process] = record._replace(path=path, kind=known, unheard=unheard, constructed=0, called=0)
        return around, told

    def _is_current(self, path: str, digest: str) -> bool:
        """Is it the newest version of the path, as far as that is known?"""
        newest = self._changes.of_path(path)
        return newest is None or not digest or digest in newest.digests

    def _is_after(self, epoch: Epoch, seen: Seen) -> bool:
        """Did the process run the newest version of those who used the path in an older one?"""
        return all(
            epoch.armed >= version.first or self._changes.runs(epoch.process, version)
            for _, version in seen.superseded
        )

    def _is_proof(self, epoch: Epoch, seen: Seen) -> bool:
        """Does its silence say that the newest version of those does not use the path any more?"""
        return not epoch.doubts and bool(epoch.days) and self._is_after(epoch, seen)

    def _is_newest(self, epoch: Epoch, callers: Collection[str]) -> bool:
        """Did the process run the newest version of the files that import the path?"""
        return all(self._changes.is_newest(epoch.process, file) for file in callers)

    def _still_importing(self, subject: Subject, seen: Seen) -> frozenset[str]:
        """Return the files whose older versions used the path, and whose newest one still imports it."""
        residue = self._source.residue(subject)
        declared = {importer.file for importer in residue.importers} if residue is not None else set()
        loaded = {use.site.file for use in seen.loads if self._changes.is_newest(use.process, use.site.file)}
        return frozenset(
            use.site.file
            for use, _ in seen.superseded
            if use.site.file in loaded or self._changes.file(use.site.file) in declared
        )

    def _window(self, epochs: Sequence[Epoch]) -> Window:
        key = frozenset(epoch.process for epoch in epochs)
        if key not in self._windows:
            self._windows[key] = window_of(epochs, self._dead, self._since)
        return self._windows[key]


def is_absent(record: WatchedPathRecord | None) -> bool:
    """Did the process say that the path is not there?"""
    return record is not None and record.kind == ABSENT


def _in_vain(seen: Seen, subject: Subject, watched: Watched) -> Seen:
    """Tell imports of what is not there from those that reach it."""
    gone = [use for use in seen.loads if use.site.file and is_absent(watched.get(use.process))]
    if not gone:
        return seen
    kept = [use for use in seen.loads if use not in gone]
    told = {use.site for use in seen.tries}
    further = [use for use in gone if subject.name and use.site not in told]
    return seen._replace(loads=kept, tries=[*seen.tries, *further])


def _callers(subject: Subject, seen: Seen) -> frozenset[str]:
    """Return the files that were seen to load the path, or to look for it, and stay."""
    uses = [*seen.loads, *seen.looked, *seen.tries]
    return frozenset(
        use.site.file for use in uses if use.site.file and not subject.is_within_dead_set(use.site)
    )
