"""Judges one path after the other, by what all verdicts of a recording have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cached_property

from ssot_probe.analysis.join import Join
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.changes import Changes
from ssot_probe.analysis.retirement.contradictions import Contradictions
from ssot_probe.analysis.retirement.doubts import Doubts
from ssot_probe.analysis.retirement.epochs import Epoch, ledger_of
from ssot_probe.analysis.retirement.grades import Axis, Terms, axes_of, worst
from ssot_probe.analysis.retirement.missing import missing_of
from ssot_probe.analysis.retirement.no_evidence import Lacking, why_none
from ssot_probe.analysis.retirement.observable import Observable
from ssot_probe.analysis.retirement.residue import RE_EXPORT, Residue
from ssot_probe.analysis.retirement.rows import Row, rungs_of, said_of, witnesses_of
from ssot_probe.analysis.retirement.scanned_source import ScannedSource
from ssot_probe.analysis.retirement.seen import Seen, Sorter, through_of
from ssot_probe.analysis.retirement.sentences import Story, bound, causes_of, sentence_of
from ssot_probe.analysis.retirement.subjects import Subject, subject_of
from ssot_probe.analysis.retirement.uses import UseIndex
from ssot_probe.analysis.retirement.verdicts import DEAD, LIVE, NO_EVIDENCE, Facts, verdict_of
from ssot_probe.analysis.retirement.watch import ABSENT, ALIAS, Watch, unheard_of
from ssot_probe.analysis.retirement.window import Window, counts, window_of
from ssot_probe.model.path_records import (
    APPLICATION,
    CALLED,
    CONSTRUCTED,
    INHERITED,
    LOADED,
    WatchedPathRecord,
)
from ssot_probe.model.policy import Policy

Watched = Mapping[str, WatchedPathRecord]


class Court:
    """What all verdicts of a recording have in common, read once.

    Args:
        recording: what ran, and what its source declares where that was scanned.
        policy: whose silence counts, and for how long it must last.
        joined: the recording's join with its source, where that was scanned.
        since: what happened before this day does not count.
        today: from when on missing evidence can be had.
        constants: paths that a change deletes and says to be constants.
    """

    def __init__(
        self,
        recording: Recording,
        policy: Policy,
        joined: Join | None,
        since: date | None,
        today: date,
        constants: Collection[str] = (),
    ) -> None:
        self._recording = recording
        self._policy = policy
        self._dead = policy.dead
        self._today = today
        self._constants = constants
        self.since = since
        ledger = ledger_of(recording)
        self.epochs = ledger.epochs
        self.counted = {epoch.process: epoch for epoch in self.epochs if counts(epoch, self._dead, since)}
        self.source = ScannedSource(recording, joined)
        self._index = UseIndex(recording)
        self._watch = Watch(recording)
        self._changes = Changes(recording, joined)
        self._sorter = Sorter(
            self._index, self._changes, since, {epoch.process: epoch.last for epoch in self.epochs}
        )
        self._contradictions = Contradictions(recording, joined, self._index)
        self._observable = Observable(recording, self._index)
        self.doubts = Doubts(
            recording, ledger.doubts, self.counted, self._watch, self._changes, self.source, today
        )
        self._windows: dict[frozenset[str], Window] = {}

    def row(
        self,
        path: str,
        together: Sequence[str] = (),
        staying: Collection[str] = (),
        *,
        with_chain: bool = False,
    ) -> Row:
        """Judge one path.

        Args:
            path: to be judged.
            together: paths that are deleted with it, beside the legacy ones of its concept.
            staying: those of them that are not: what they do with the path counts.
            with_chain: look for the declared imports that lead to it, if nobody used it.
        """
        subject = subject_of(path, self._policy, together, staying)
        watched_as, watched = self._watched(subject)
        kinds = Counter(record.kind for record in watched.values())
        seen = self._sorter.seen(subject, ALIAS in kinds or self._index.aliases.is_alias(path))
        seen = _in_vain(seen, subject, watched)
        epochs = [
            epoch
            for process, epoch in self.counted.items()
            if process in watched and self._is_current(watched_as, watched[process].digest, epoch, seen)
        ]
        present = [epoch for epoch in epochs if watched[epoch.process].kind != ABSENT]
        window = self._window(present)
        doubts = self.doubts.of(subject, watched_as, watched.keys(), present)
        residue = self.source.residue(subject)
        importers = residue.importers if residue is not None else ()
        here = [watched[epoch.process] for epoch in present]
        unseen = tuple(self._observable.unseen(subject, seen.loads, here))
        is_unscanned = self.source.is_unscanned(path, watched_as)
        missing = missing_of(
            window, self._dead, self._today, self.unran, importers, unseen, is_unscanned=is_unscanned
        )
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
        elsewhere = sum(process in self.counted for process in watched) - len(present)
        terms = Terms(
            self._dead,
            window,
            missing,
            importers,
            unseen,
            self._observable.as_a_whole(subject, seen.loads),
            self.source.is_scanned,
            is_unscanned,
            self.source.unreadable,
            len(residue.computed) if residue is not None else 0,
            _named(residue),
            sum(not epoch.is_listed for epoch in present),
            elsewhere,
        )
        axes = axes_of(verdict, terms)
        used = seen.needs or seen.others
        through = through_of(subject, seen, self._index, [importer.module for importer in importers])
        story = Story(
            verdict,
            worst(axes),
            window,
            sum(use.count for use in used if use.rung != INHERITED),
            said_of(used),
            through,
            tuple(sorted({use.origin for use in seen.others})),
            said_of(seen.loads),
            said_of(seen.looked or seen.tries),
            missing,
            doubts,
            causes_of(doubts),
            "" if present else self._why_none(subject, kinds, seen),
            contradiction,
            self.since,
            self._dead.cycles,
            is_member="." in subject.name,
            is_at_least=any(use.is_at_least for use in used),
            heirs=len({use.through or use.site for use in used if use.rung == INHERITED}),
        )
        return self._told(subject, story, seen, axes, residue, watched, with_chain=with_chain)

    def _told(
        self,
        subject: Subject,
        story: Story,
        seen: Seen,
        axes: tuple[Axis, ...],
        residue: Residue | None,
        watched: Watched,
        *,
        with_chain: bool,
    ) -> Row:
        everything = seen.all
        verdict, window = story.verdict, story.window
        kinds = Counter(record.kind for record in watched.values())
        return Row(
            path=subject.path,
            concept=subject.concept,
            kind=kinds.most_common(1)[0][0] if kinds else "",
            verdict=verdict,
            grade=story.grade,
            axes=axes,
            sentence=sentence_of(story),
            rungs=rungs_of(everything),
            first=min((use.first for use in everything), default=0),
            last=max((use.last for use in everything), default=0),
            witnesses=tuple(witnesses_of(seen.needs or seen.others or everything, self._recording.label)),
            origins=tuple(sorted({use.origin for use in everything})),
            through=story.through,
            importers=residue.importers if residue is not None else (),
            residue=residue,
            chain=self.source.chain(subject.path) if with_chain and not seen.needs else None,
            missing=story.missing if verdict not in (LIVE, NO_EVIDENCE, *DEAD) else (),
            doubts=story.doubts if verdict != LIVE else (),
            window=window,
            bound=bound(len(window.days)) if verdict in DEAD else None,
            tries=tuple(seen.tries),
            wanted=tuple(use for use in seen.tries if _is_absent(watched.get(use.process))),
            superseded=sum(use.count for use, _ in seen.superseded),
            before=sum(use.count for use in seen.before),
            target=max((record.target for record in watched.values()), default=""),
        )

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
        kind = self.source.kind_of(path)
        told = {}
        for process, record in records.items():
            if record.kind in (ABSENT, "unknown"):
                known = record.kind
            elif kind:
                known = kind
            else:
                continue
            unheard = unheard_of(record.unheard, subject.name) if kind == "function" else record.unheard
            told[process] = record._replace(path=path, kind=known, unheard=unheard, constructed=0, called=0)
        return around, told

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
            self._windows[key] = window_of(epochs, self._dead, self.since)
        return self._windows[key]

    def _why_none(self, subject: Subject, kinds: Counter[str], seen: Seen) -> str:
        around, is_constant = self._watch.around(subject.path), subject.path in self._constants
        lacking = Lacking(subject.path, around, kinds, is_constant, seen)
        return why_none(lacking, self.epochs, len(self.counted), self._dead.environments)

    @cached_property
    def unran(self) -> tuple[str, ...]:
        """The entry points of the policy that no process ran whose silence counts."""
        return tuple(name for name in self._dead.entry_points if not self._ran(name))

    def _ran(self, name: str) -> bool:
        subject = subject_of(name, self._policy)
        return any(
            use.process in self.counted and self._sorter.is_within(use) and use.origin == APPLICATION
            for use in self._index.uses_of(subject, is_alias=False)
            if use.rung in (CONSTRUCTED, CALLED) or (use.rung == LOADED and not subject.name)
        )


def _in_vain(seen: Seen, subject: Subject, watched: Watched) -> Seen:
    """Tell imports of what is not there from those that reach it."""
    gone = [use for use in seen.loads if use.site.file and _is_absent(watched.get(use.process))]
    if not gone:
        return seen
    kept = [use for use in seen.loads if use not in gone]
    told = {use.site for use in seen.tries}
    further = [use for use in gone if subject.name and use.site not in told]
    return seen._replace(loads=kept, tries=[*seen.tries, *further])


def _named(residue: Residue | None) -> tuple[str, ...]:
    """Return where strings and settings in code that stays name a path, as "file:line"."""
    found = residue.mentions if residue is not None else ()
    return tuple(sorted({one.place for one in found if one.kind != RE_EXPORT}))


def _is_absent(record: WatchedPathRecord | None) -> bool:
    return record is not None and record.kind == ABSENT
