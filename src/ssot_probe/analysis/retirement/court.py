"""Judges one path after the other, by what all verdicts of a recording have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date

from ssot_probe.analysis.join import Join
from ssot_probe.analysis.prometheus.fleet_counts import FleetCounts
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.changes import Changes
from ssot_probe.analysis.retirement.contradictions import Contradictions
from ssot_probe.analysis.retirement.days import day_of
from ssot_probe.analysis.retirement.doubts import Doubts
from ssot_probe.analysis.retirement.entry_points import EntryPoints
from ssot_probe.analysis.retirement.epochs import ledger_of
from ssot_probe.analysis.retirement.evidence import Evidence, Watched, is_absent
from ssot_probe.analysis.retirement.fleet import Fleet
from ssot_probe.analysis.retirement.grades import Axis, Terms, axes_of, worst
from ssot_probe.analysis.retirement.missing import NO_SCAN, TRACE, Missing, missing_of
from ssot_probe.analysis.retirement.no_evidence import Lacking, why_none
from ssot_probe.analysis.retirement.observable import Observable
from ssot_probe.analysis.retirement.residue import RE_EXPORT, Residue
from ssot_probe.analysis.retirement.rows import Row, rungs_of, said_of, witnesses_of
from ssot_probe.analysis.retirement.scanned_source import ScannedSource
from ssot_probe.analysis.retirement.seen import Seen, Sorter, through_of
from ssot_probe.analysis.retirement.sentences import Story, bound, causes_of, sentence_of
from ssot_probe.analysis.retirement.subjects import Subject, subject_of
from ssot_probe.analysis.retirement.use import Use
from ssot_probe.analysis.retirement.uses import UseIndex
from ssot_probe.analysis.retirement.verdicts import (
    DEAD,
    LIVE,
    LOADED_BUT_UNUSED,
    NO_EVIDENCE,
    Facts,
    verdict_of,
)
from ssot_probe.analysis.retirement.watch import Watch
from ssot_probe.analysis.retirement.window import counts
from ssot_probe.analysis.wording import number
from ssot_probe.model.names import split
from ssot_probe.model.path_records import (
    INHERITED,
    WatchedPathRecord,
)
from ssot_probe.model.policy import Policy


class Court:
    """What all verdicts of a recording have in common, read once.

    Args:
        recording: what ran, and what its source declares where that was scanned.
        policy: whose silence counts, and for how long it must last.
        joined: the recording's join with its source, where that was scanned.
        since: what happened before this day does not count.
        today: from when on missing evidence can be had.
        constants: paths that a change deletes and says to be constants.
        fleet: what a Prometheus counted over the whole fleet, where it was asked.
    """

    def __init__(
        self,
        recording: Recording,
        policy: Policy,
        joined: Join | None,
        since: date | None,
        today: date,
        constants: Collection[str] = (),
        fleet: FleetCounts | None = None,
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
        ends = {epoch.process: epoch.last for epoch in self.epochs}
        self._sorter = Sorter(self._index, self._changes, since, ends)
        self._contradictions = Contradictions(recording, joined, self._index)
        self._observable = Observable(recording, self._index)
        self.doubts = Doubts(recording, ledger.doubts, self.counted, self._watch, self.source, today)
        self._fleet = None if fleet is None else Fleet(fleet, recording, policy.dead, self.epochs)
        self.entry_points = EntryPoints(
            recording, policy, self._index, self._sorter, self._watch, self.counted
        )
        self._evidence = Evidence(
            *(self._index, self._sorter, self._watch, self._changes, self.source, self.counted),
            policy.dead,
            since,
        )

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
        evidence = self._evidence.about(subject)
        watched_as, watched, seen, former, importing, there, present, window = evidence
        kinds = Counter(record.kind for record in watched.values())
        doubts = self.doubts.of(subject, watched_as, watched.keys(), there)
        residue = self.source.residue(subject)
        importers = residue.importers if residue is not None else ()
        here = [watched[epoch.process] for epoch in present]
        unseen = (*self._observable.unseen(subject, seen.loads, here), *self._silent(subject, seen))
        traceless = self._observable.traceless(subject, seen.loads, here)
        is_unscanned = self.source.is_unscanned(path, watched_as)
        is_loaded = bool(seen.loads) or any(record.loaded for record in here)
        is_looked_for = bool(seen.looked or seen.tries) or any(record.resolved for record in here)
        fleet = (
            self._fleet.about(subject, watched_as, kinds, is_loaded, is_looked_for) if self._fleet else None
        )
        missing = missing_of(
            *(window, self._dead, self._today, self.entry_points.unran, importers, unseen),
            is_unscanned=is_unscanned,
            begun=self.entry_points.begun,
        )
        missing = (*(fleet.missing if fleet else ()), *missing)
        contradiction = self._contradictions.of(subject, seen, importers, present, watched)
        verdict = verdict_of(
            Facts(
                is_needed=bool(seen.needs),
                is_used_otherwise=bool(seen.others),
                has_evidence=bool(present),
                is_void=bool(doubts),
                is_contradicted=bool(contradiction),
                is_lacking=bool(missing),
                is_loaded=is_loaded,
                is_looked_for=is_looked_for,
            )
        )
        elsewhere = sum(process in self.counted for process in watched) - len(present)
        terms = Terms(
            self._dead,
            window,
            missing,
            importers,
            unseen,
            traceless,
            self.entry_points.untold,
            self._observable.as_a_whole(subject, seen.loads),
            self.source.is_scanned,
            is_unscanned,
            self.source.unreadable,
            len(residue.computed) if residue is not None else 0,
            _named(residue),
            sum(not epoch.is_listed for epoch in present),
            elsewhere,
            fleet.weakness if fleet else "",
        )
        axes = axes_of(verdict, terms)
        used = seen.needs or seen.others
        through = through_of(subject, seen, self._index, [importer.module for importer in importers])
        through = through or _targets(subject, watched.values())
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
            traceless=traceless,
            former=_former(former, seen, importing),
            is_at_least=any(use.is_at_least for use in used),
            heirs=len({use.through or use.site for use in used if use.rung == INHERITED}),
        )
        row = self._told(subject, story, seen, axes, residue, watched, with_chain=with_chain)
        return row._replace(fleet=fleet)

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
            missing=self._missing(story),
            doubts=story.doubts if verdict != LIVE else (),
            window=window,
            bound=bound(len(window.days)) if verdict in DEAD else None,
            tries=tuple(seen.tries),
            wanted=tuple(use for use in seen.tries if is_absent(watched.get(use.process))),
            superseded=sum(use.count for use, _ in seen.superseded),
            before=sum(use.count for use in seen.before),
            target=max((record.target for record in watched.values()), default=""),
        )

    def _silent(self, subject: Subject, seen: Seen) -> Iterator[str]:
        """Yield where source uses what was loaded without running any of its code, or may run it unseen."""
        for mention in self.source.silent_uses(subject) if seen.loads else ():
            name = split(mention.what)[1]
            yield f"{mention.place} checks, compares, catches or reads {name}, which leaves no trace"
        places = self.source.run_sources(subject) if not seen.loads else []
        if places:
            runs = f"{places[0]} reads source text and runs it, past the import system"
            others = number(len(places) - 1, "other place")
            yield runs if len(places) == 1 else f"{runs}, like {others}"

    def _missing(self, story: Story) -> tuple[Missing, ...]:
        """Return what is missing from a verdict, or what nobody could know of one that stands."""
        if story.verdict not in DEAD:
            return story.missing if story.verdict not in (LIVE, NO_EVIDENCE) else ()
        is_fetched = story.verdict == LOADED_BUT_UNUSED and story.traceless
        return (
            *((Missing(story.traceless, TRACE),) if is_fetched else ()),
            *((Missing(NO_SCAN, "scan"),) if not self.source.is_scanned else ()),
        )

    def _why_none(self, subject: Subject, kinds: Counter[str], seen: Seen) -> str:
        around, is_constant = self._watch.around(subject.path), subject.path in self._constants
        lacking = Lacking(subject.path, around, kinds, is_constant, seen)
        return why_none(lacking, self.epochs, len(self.counted), self._dead.environments)


def _former(uses: Sequence[Use], seen: Seen, importing: Collection[str]) -> str:
    """Return what older versions of those who use the path did, where nothing newer is a use, in words."""
    if not uses or any(use not in uses for use in (*seen.needs, *seen.others)):
        return ""
    last = max(uses, key=lambda use: (use.last, use))
    place = f"{last.site.file}:{last.site.line}"
    if seen.superseded:
        return f"it was used until {day_of(last.last)} by {place}, in an earlier version"
    if last.site.file in importing:
        return f"by an earlier version of {last.site.file}, which still imports it"
    return f"by an earlier version of {last.site.file}, and nothing newer watched the path since"


def _targets(subject: Subject, watched: Iterable[WatchedPathRecord]) -> tuple[str, ...]:
    """Return the modules that a module path is only another name of."""
    return () if subject.name else tuple(sorted({each.target for each in watched if each.target}))


def _named(residue: Residue | None) -> tuple[str, ...]:
    """Return where strings and settings in code that stays name a path, as "file:line"."""
    found = residue.mentions if residue is not None else ()
    return tuple(sorted({one.place for one in found if one.kind != RE_EXPORT}))
