"""Judges paths: may they be deleted? Brings together uses, silence, source and the terms of the policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timezone
from functools import cached_property

from ssot_probe.analysis.join import Join
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.changes import Changes
from ssot_probe.analysis.retirement.contradictions import Contradictions
from ssot_probe.analysis.retirement.days import NANOSECONDS, day_of, start_of
from ssot_probe.analysis.retirement.epochs import Doubt, Epoch, ledger_of
from ssot_probe.analysis.retirement.grades import Terms, axes_of, worst
from ssot_probe.analysis.retirement.mentions import Mentions
from ssot_probe.analysis.retirement.missing import missing_of
from ssot_probe.analysis.retirement.observable import Observable
from ssot_probe.analysis.retirement.rows import Retirement, Row, Seen, rungs_of, said_of, witnesses_of
from ssot_probe.analysis.retirement.sentences import Story, bound, causes_of, sentence_of
from ssot_probe.analysis.retirement.static_importers import StaticImports
from ssot_probe.analysis.retirement.subjects import Subject, subject_of
from ssot_probe.analysis.retirement.uses import Use, UseIndex
from ssot_probe.analysis.retirement.verdicts import DEAD, LIVE, Facts, verdict_of
from ssot_probe.analysis.retirement.watch import ABSENT, ALIAS, Watch
from ssot_probe.analysis.retirement.window import Window, counts, window_of
from ssot_probe.analysis.wording import listing
from ssot_probe.model.names import split
from ssot_probe.model.path_records import (
    APPLICATION,
    CALLED,
    CONSTRUCTED,
    INHERITED,
    LOADED,
    RESOLVED,
    WatchedPathRecord,
)
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import ImportRecord, ModuleRecord, ProcessRecord

LASTING = (LOADED, INHERITED)
"""Rungs that a path stays on as long as the process lives."""

REARMING = 2 * 3600 * NANOSECONDS
"""What was heard once is listened to again an hour later: until then it may have happened more often."""


def retire(
    recording: Recording,
    policy: Policy,
    joined: Join | None,
    *,
    paths: Sequence[str] = (),
    since: date | None = None,
    today: date | None = None,
) -> Retirement:
    """Judge paths.

    Args:
        recording: what ran, and what its source declares where that was scanned.
        policy: whose silence counts, and for how long it must last.
        joined: the recording's join with its source, where that was scanned.
        paths: what to judge; by default everything that the policy declares legacy.
        since: what happened before this day does not count.
        today: from when on missing evidence can be had; by default it is today, in UTC.
    """
    court = _Court(recording, policy, joined, since, today or datetime.now(timezone.utc).date())
    asked = paths or [entry for concept in policy.concepts for entry in concept.legacy]
    return court.retirement([court.row(path) for path in dict.fromkeys(asked)])


class _Court:
    """What all verdicts of a recording have in common, read once."""

    def __init__(
        self, recording: Recording, policy: Policy, joined: Join | None, since: date | None, today: date
    ) -> None:
        self._recording = recording
        self._policy = policy
        self._dead = policy.dead
        self._joined = joined
        self._since = since
        self._today = today
        self._ledger = ledger_of(recording)
        self._counted = {
            epoch.process: epoch for epoch in self._ledger.epochs if counts(epoch, self._dead, since)
        }
        self._ends = {epoch.process: epoch.last for epoch in self._ledger.epochs}
        self._index = UseIndex(recording)
        self._watch = Watch(recording)
        self._changes = Changes(recording, joined)
        self._static = StaticImports(recording, joined)
        self._mentions = Mentions(recording)
        self._contradictions = Contradictions(recording, joined, self._index)
        self._observable = Observable(recording, self._index)
        self._windows: dict[frozenset[str], Window] = {}

    def retirement(self, rows: Iterable[Row]) -> Retirement:
        """Return the rows with the evidence that they have in common."""
        epochs = tuple(self._counted.values())
        return Retirement(
            rows=tuple(rows),
            window=window_of(epochs, self._dead, self._since),
            total=len(self._ledger.epochs),
            counted=len(epochs),
            tests=sum(epoch.is_test for epoch in self._ledger.epochs),
            doubts=(*self._doubts, *self._doubts_of(epochs)),
            environments=tuple(sorted({epoch.environment for epoch in self._ledger.epochs})),
            releases=tuple(sorted({epoch.release for epoch in epochs if epoch.release})),
            hosts=tuple(sorted({epoch.host for epoch in epochs if epoch.host})),
            entry_points=len(self._dead.entry_points),
            ran=len(self._dead.entry_points) - len(self._unran),
            policies=len({record.policy for _, record in self._recording.of(ProcessRecord) if record.policy}),
            is_scanned=self._joined is not None,
            since=self._since,
            dead=self._dead,
        )

    def row(self, path: str) -> Row:
        """Judge one path."""
        subject = subject_of(path, self._policy)
        watched = self._watch.of(path)
        kinds = Counter(record.kind for record in watched.values())
        seen = self._seen(subject, ALIAS in kinds or self._index.aliases.is_alias(path))
        epochs = [
            epoch
            for process, epoch in self._counted.items()
            if process in watched and self._is_current(path, watched[process].digest, epoch, seen)
        ]
        present = [epoch for epoch in epochs if watched[epoch.process].kind != ABSENT]
        window = self._window(present)
        doubts = tuple(dict.fromkeys((*self._doubts, *self._gaps(subject, present, watched))))
        importers = self._static.of(subject)
        here = [watched[epoch.process] for epoch in present]
        unseen = tuple(self._observable.unseen(subject, seen.loads, here))
        missing = missing_of(window, self._dead, self._today, self._unran, importers, unseen)
        contradiction = self._contradictions.of(subject, seen, importers, present, watched)
        verdict = verdict_of(
            Facts(
                is_needed=bool(seen.needs),
                is_used_otherwise=bool(seen.others),
                has_evidence=bool(present),
                is_void=bool(doubts),
                is_contradicted=bool(contradiction),
                is_lacking=bool(missing),
                is_loaded=bool(seen.loads) or any(record.loaded for record in here),
                is_looked_for=bool(seen.looked or seen.tries) or any(record.resolved for record in here),
            )
        )
        terms = Terms(
            self._dead,
            window,
            missing,
            importers,
            unseen,
            self._observable.as_a_whole(subject, seen.loads),
            self._joined is not None,
            len(self._joined.unreadable) if self._joined is not None else 0,
            self._mentions.computed,
            self._mentions.of(subject),
            sum(not epoch.is_listed for epoch in present),
            sum(process in self._counted for process in watched) - len(present),
        )
        axes = axes_of(verdict, terms)
        grade = worst(axes)
        used = seen.needs or seen.others
        through = self._through(subject, seen, importers)
        why_none = "" if present else self._why_none(kinds, seen)
        story = Story(
            verdict,
            grade,
            window,
            sum(use.count for use in used),
            said_of(used),
            through,
            tuple(sorted({use.origin for use in seen.others})),
            said_of(seen.loads),
            said_of(seen.looked or seen.tries),
            missing,
            doubts,
            causes_of(doubts),
            why_none,
            contradiction,
            self._since,
            self._dead.cycles,
        )
        everything = seen.all
        return Row(
            path=path,
            concept=subject.concept,
            kind=kinds.most_common(1)[0][0] if kinds else "",
            verdict=verdict,
            grade=grade,
            axes=axes,
            sentence=sentence_of(story),
            rungs=rungs_of(everything),
            first=min((use.first for use in everything), default=0),
            last=max((use.last for use in everything), default=0),
            witnesses=tuple(witnesses_of(used or everything, self._recording.label)),
            origins=tuple(sorted({use.origin for use in everything})),
            through=through,
            importers=importers,
            missing=missing if verdict not in (LIVE, *DEAD) else (),
            doubts=doubts if verdict != LIVE else (),
            window=window,
            bound=bound(len(window.days)) if verdict in DEAD else None,
            tries=tuple(seen.tries),
            wanted=tuple(use for use in seen.tries if _is_absent(watched.get(use.process))),
            superseded=len(seen.superseded),
            before=len(seen.before),
        )

    def _seen(self, subject: Subject, is_alias: bool) -> Seen:
        seen = Seen([], [], [], [], self._within(self._index.tries(subject)), [], [])
        for use in self._index.uses_of(subject, is_alias):
            if not self._is_within(use):
                seen.before.append(use)
            elif use.rung == RESOLVED:
                seen.looked.append(use)
            elif not use.is_need:
                seen.loads.append(use)
            elif use.is_own:
                if use.rung == LOADED:
                    seen.loads.append(use)
            else:
                newer = self._changes.replaced(use)
                if newer is not None:
                    seen.superseded.append((use, newer))
                elif use.origin == APPLICATION:
                    seen.needs.append(use)
                else:
                    seen.others.append(use)
                if use.rung == LOADED:
                    seen.loads.append(use)
        return seen

    def _within(self, uses: Iterable[Use]) -> list[Use]:
        return [use for use in uses if self._is_within(use)]

    def _is_within(self, use: Use) -> bool:
        """Does the use reach into the window? What was loaded stays so until its process ends."""
        if self._since is None:
            return True
        last = max(use.last, self._ends.get(use.process, 0)) if use.rung in LASTING else use.last
        return last + (REARMING if use.is_at_least else 0) >= start_of(self._since)

    def _is_current(self, path: str, digest: str, epoch: Epoch, seen: Seen) -> bool:
        """Did the process run the newest version of the path, and of those who used an older one?"""
        newest = self._changes.of_path(path)
        if newest is not None and digest and digest not in newest.digests:
            return False
        return all(
            epoch.armed >= version.first or self._changes.runs(epoch.process, version)
            for _, version in seen.superseded
        )

    def _window(self, epochs: Sequence[Epoch]) -> Window:
        key = frozenset(epoch.process for epoch in epochs)
        if key not in self._windows:
            self._windows[key] = window_of(epochs, self._dead, self._since)
        return self._windows[key]

    @cached_property
    def _doubts(self) -> tuple[Doubt, ...]:
        """What is wrong with everything that was recorded."""
        doubts = [*self._ledger.doubts]
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

    def _doubts_of(self, epochs: Iterable[Epoch]) -> list[Doubt]:
        return [doubt for epoch in epochs for doubt in epoch.doubts]

    def _gaps(
        self, subject: Subject, present: Sequence[Epoch], watched: Mapping[str, WatchedPathRecord]
    ) -> Iterator[Doubt]:
        """Yield why uses of this path may have gone unseen."""
        processes = frozenset(epoch.process for epoch in present)
        for process, epoch in self._counted.items():
            if process not in watched:
                yield Doubt("it did not watch the path: other policy or version", epoch.label)
            if process in processes or not self._is_over(subject.path, epoch):
                yield from epoch.doubts
        for cause, process in self._watch.obstacles(subject, processes):
            epoch = self._counted[process]
            yield Doubt(cause, epoch.label, epoch.armed, epoch.last)

    def _is_over(self, path: str, epoch: Epoch) -> bool:
        """Had the process ended before the newest version of the path was there?"""
        newest = self._changes.of_path(path)
        return newest is not None and bool(epoch.closed) and epoch.last < newest.first

    def _why_none(self, kinds: Counter[str], seen: Seen) -> str:
        """Return why there is no evidence about a path, in words."""
        if not kinds:
            return "no process watched it; name it in the policy as legacy, and record again"
        if not self._counted:
            tests = sum(epoch.is_test for epoch in self._ledger.epochs)
            wanted = listing(self._dead.environments)
            if wanted:
                return f"no process was recorded in an environment that counts ({wanted})"
            return "all that was recorded ran tests" if tests else "nothing was recorded since then"
        if set(kinds) == {ABSENT}:
            tried = f", and somebody asks for it ({said_of(seen.tries)})" if seen.tries else ""
            return f"it is not there: its module is gone, does not bind it, or never did{tried}"
        return "no process that counts watched it as its source is now"

    @cached_property
    def _unran(self) -> tuple[str, ...]:
        """The entry points of the policy that no process ran whose silence counts."""
        return tuple(name for name in self._dead.entry_points if not self._ran(name))

    def _ran(self, name: str) -> bool:
        subject = subject_of(name, self._policy)
        return any(
            use.process in self._counted and self._is_within(use) and use.origin == APPLICATION
            for use in self._index.uses_of(subject, is_alias=False)
            if use.rung in (CONSTRUCTED, CALLED) or (use.rung == LOADED and not subject.name)
        )

    def _through(
        self, subject: Subject, seen: Seen, importers: Sequence[StaticImporter]
    ) -> tuple[str, ...]:
        """Return the names by which alone the path is used: subclasses, or paths that lead to it."""
        if not seen.needs:
            return ()
        if all(use.through for use in seen.needs):
            return tuple(sorted({use.through for use in seen.needs}))
        aliases = self._index.aliases.of(subject)
        owners = {split(alias)[0] for alias in aliases}
        direct = {use.site.module for use in seen.loads if _is_from_outside(use, subject)} - owners
        is_used_by_owner = not owners.isdisjoint(use.site.module for use in seen.needs)
        is_declared = any(importer.module not in owners for importer in importers)
        return () if direct or is_used_by_owner or is_declared else aliases


def _is_from_outside(use: Use, subject: Subject) -> bool:
    return bool(use.site.file) and not subject.is_within_dead_set(use.site)


def _is_absent(record: WatchedPathRecord | None) -> bool:
    return record is not None and record.kind == ABSENT
