"""Judges one path after the other, by what all verdicts of a recording have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from ssot_probe.analysis.join import Join
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.changes import Changes
from ssot_probe.analysis.retirement.contradictions import Contradictions
from ssot_probe.analysis.retirement.days import day_of
from ssot_probe.analysis.retirement.doubts import Doubts
from ssot_probe.analysis.retirement.epochs import Epoch, ledger_of
from ssot_probe.analysis.retirement.exercise import Exercise
from ssot_probe.analysis.retirement.grades import Axis, Terms, axes_of, worst
from ssot_probe.analysis.retirement.missing import NO_SCAN, TRACE, Missing, missing_of
from ssot_probe.analysis.retirement.observable import Observable
from ssot_probe.analysis.retirement.residue import RE_EXPORT, Residue
from ssot_probe.analysis.retirement.rows import Row, rungs_of, said_of, witnesses_of
from ssot_probe.analysis.retirement.scanned_source import ScannedSource
from ssot_probe.analysis.retirement.seen import Seen, Sorter, reinstated, through_of
from ssot_probe.analysis.retirement.sentences import Story, bound, causes_of, sentence_of
from ssot_probe.analysis.retirement.subjects import Subject, subject_of
from ssot_probe.analysis.retirement.uses import Use, UseIndex
from ssot_probe.analysis.retirement.verdicts import (
    DEAD,
    LIVE,
    LOADED_BUT_UNUSED,
    NO_EVIDENCE,
    Facts,
    verdict_of,
)
from ssot_probe.analysis.retirement.watch import ABSENT, ALIAS, Watch
from ssot_probe.analysis.retirement.window import Window, counts, window_of
from ssot_probe.analysis.wording import listing
from ssot_probe.model.names import split
from ssot_probe.model.path_records import (
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
    """

    def __init__(
        self, recording: Recording, policy: Policy, joined: Join | None, since: date | None, today: date
    ) -> None:
        self._recording = recording
        self._policy = policy
        self._dead = policy.dead
        self._today = today
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
        self.exercise = Exercise(recording, policy, self._index, self._watch, self._sorter, self.counted)
        self._contradictions = Contradictions(recording, joined, self._index)
        self._observable = Observable(recording, self._index)
        self.doubts = Doubts(recording, ledger.doubts, self.counted, self._watch, self.source, today)
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
        watching = [epoch for process, epoch in self.counted.items() if process in watched]
        current = [epoch for epoch in watching if self._is_current(watched_as, watched[epoch.process].digest)]
        former = [use for use, _ in seen.superseded]
        if former and not any(self._is_proof(epoch, seen) for epoch in current):
            seen = reinstated(seen)
        epochs = [epoch for epoch in current if self._is_after(epoch, seen)]
        present = [epoch for epoch in epochs if watched[epoch.process].kind != ABSENT]
        callers = _callers(subject, seen)
        window = self._window([epoch for epoch in present if self._is_newest(epoch, callers)])
        there = [epoch for epoch in watching if watched[epoch.process].kind != ABSENT]
        doubts = self.doubts.of(subject, watched_as, watched.keys(), there)
        residue = self.source.residue(subject)
        importers = residue.importers if residue is not None else ()
        here = [watched[epoch.process] for epoch in present]
        unseen = (*self._observable.unseen(subject, seen.loads, here), *self._silent(subject, seen))
        traceless = self._observable.traceless(subject, seen.loads, here)
        is_unscanned = self.source.is_unscanned(path, watched_as)
        missing = missing_of(
            *(window, self._dead, self._today, self.exercise.unran, importers, unseen),
            is_unscanned=is_unscanned,
            begun=self.exercise.begun,
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
            traceless,
            self.exercise.untold,
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
        through = through or _targets(subject, watched.values())
        story = Story(
            verdict,
            worst(axes),
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
            "" if present else self._why_none(subject, kinds, seen),
            contradiction,
            self.since,
            self._dead.cycles,
            is_member="." in subject.name,
            traceless=traceless,
            former=_former(former, seen),
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
            missing=self._missing(story),
            doubts=story.doubts if verdict != LIVE else (),
            window=window,
            bound=bound(len(window.days)) if verdict in DEAD else None,
            tries=tuple(seen.tries),
            wanted=tuple(use for use in seen.tries if _is_absent(watched.get(use.process))),
            superseded=len(seen.superseded),
            before=len(seen.before),
        )

    def _silent(self, subject: Subject, seen: Seen) -> Iterator[str]:
        """Yield where source uses what was loaded without any of its code being run, in words."""
        for mention in self.source.silent_uses(subject) if seen.loads else ():
            name = split(mention.what)[1]
            yield f"{mention.place} checks, compares, catches or reads {name}, which leaves no trace"

    def _missing(self, story: Story) -> tuple[Missing, ...]:
        """Return what is missing from a verdict, or what nobody could know of one that stands."""
        if story.verdict not in DEAD:
            return story.missing if story.verdict not in (LIVE, NO_EVIDENCE) else ()
        is_fetched = story.verdict == LOADED_BUT_UNUSED and story.traceless
        return (
            *((Missing(story.traceless, TRACE),) if is_fetched else ()),
            *((Missing(NO_SCAN, "scan"),) if not self.source.is_scanned else ()),
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
            if record.kind in (ABSENT, "unknown") or (record.kind == ALIAS and ":" not in around):
                known = record.kind
            elif kind:
                known = kind
            else:
                continue
            unheard = _unheard_of(record.unheard, subject.name) if kind == "function" else record.unheard
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

    def _window(self, epochs: Sequence[Epoch]) -> Window:
        key = frozenset(epoch.process for epoch in epochs)
        if key not in self._windows:
            self._windows[key] = window_of(epochs, self._dead, self.since)
        return self._windows[key]

    def _why_none(self, subject: Subject, kinds: Counter[str], seen: Seen) -> str:
        """Return why there is no evidence about a path, in words, and what to do."""
        around = self._watch.around(subject.path)
        if not kinds and around:
            return (
                f"{around} was watched, and source does not say that this is a class or function of it; name "
                f"{subject.path} in the policy as legacy, and record again"
            )
        if not kinds:
            return "no process watched it; name it in the policy as legacy, and record again"
        if not self.counted:
            tests = sum(epoch.is_test for epoch in self.epochs)
            wanted = listing(self._dead.environments)
            if wanted:
                return f"no process was recorded in an environment that counts ({wanted})"
            return "all that was recorded ran tests" if tests else "nothing was recorded since then"
        if set(kinds) == {ABSENT}:
            gone = "it is not there: its module is gone, does not bind it, or never did"
            if seen.tries:
                return f"{gone}, and somebody asks for it ({said_of(seen.tries)})"
            return f"{gone}; check its name, and keep it in the policy to be told who still asks for it"
        return "no process that counts watched it as its source is now"


def _in_vain(seen: Seen, subject: Subject, watched: Watched) -> Seen:
    """Tell imports of what is not there from those that reach it."""
    gone = [use for use in seen.loads if use.site.file and _is_absent(watched.get(use.process))]
    if not gone:
        return seen
    kept = [use for use in seen.loads if use not in gone]
    told = {use.site for use in seen.tries}
    further = [use for use in gone if subject.name and use.site not in told]
    return seen._replace(loads=kept, tries=[*seen.tries, *further])


def _unheard_of(unheard: str, function: str) -> str:
    """Return what of a module cannot be listened to, without the names that are not the function's."""
    about = [(part, part.partition(":")[0]) for part in unheard.split("; ")]
    return "; ".join(
        part
        for part, name in about
        if name in (part, function) or "<" in name or name.startswith(f"{function}.")
    )


def _former(uses: Sequence[Use], seen: Seen) -> str:
    """Return what older versions of those who use the path did, where nothing newer is a use, in words."""
    if not uses or any(use not in uses for use in (*seen.needs, *seen.others)):
        return ""
    last = max(uses, key=lambda use: (use.last, use))
    place = f"{last.site.file}:{last.site.line}"
    if seen.superseded:
        return f"it was used until {day_of(last.last)} by {place}, in an earlier version"
    return f"by an earlier version of {last.site.file}, and nothing newer watched the path since"


def _callers(subject: Subject, seen: Seen) -> frozenset[str]:
    """Return the files that were seen to load the path, or to look for it, and stay."""
    uses = [*seen.loads, *seen.looked, *seen.tries]
    return frozenset(
        use.site.file for use in uses if use.site.file and not subject.is_within_dead_set(use.site)
    )


def _targets(subject: Subject, watched: Iterable[WatchedPathRecord]) -> tuple[str, ...]:
    """Return the modules that a module path is only another name of."""
    return () if subject.name else tuple(sorted({each.target for each in watched if each.target}))


def _named(residue: Residue | None) -> tuple[str, ...]:
    """Return where strings and settings in code that stays name a path, as "file:line"."""
    found = residue.mentions if residue is not None else ()
    return tuple(sorted({one.place for one in found if one.kind != RE_EXPORT}))


def _is_absent(record: WatchedPathRecord | None) -> bool:
    return record is not None and record.kind == ABSENT
