"""What fleet-wide counts say of a path beside the recordings: uses that these do not tell, and gaps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from ssot_probe.analysis.prometheus.fleet_counts import FleetCounts, UseCount, Watchers
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.days import day_of
from ssot_probe.analysis.retirement.epochs import CLOCK_TOLERANCE, Epoch
from ssot_probe.analysis.retirement.missing import FLEET, Missing
from ssot_probe.analysis.retirement.subjects import Subject
from ssot_probe.analysis.retirement.watch import ALIAS, VALUE
from ssot_probe.analysis.wording import listing, moment, number
from ssot_probe.model.names import is_within
from ssot_probe.model.path_records import (
    CALLED,
    CONSTRUCTED,
    LOADED,
    RESOLVED,
    RUNGS,
    PathUseRecord,
    WatchedPathRecord,
)
from ssot_probe.model.policy import Dead

_NAMED = {CALLED: "call", CONSTRUCTED: "construction", LOADED: "load", RESOLVED: "finder question"}

_WITH_CODE = frozenset({"module", "class", "function"})
"""Kinds of paths whose uses are counted as such; what else there is, is used by fetching it."""

MOST_PROCESSES = 2
"""Named in words."""


class FleetWord(NamedTuple):
    """What is counted of one path over the fleet."""

    uses: Mapping[str, int]  # by rung, in all processes; "" where the rung is not told
    processes: int  # that watched it, in services that were recorded and environments that count
    unrecorded: int  # processes of these services and environments whose recordings are not here
    beyond: tuple[UseCount, ...]  # what the recordings do not tell, and the verdict cannot stand with
    gaps: tuple[str, ...]  # what the counts do not cover, in words
    is_known: bool  # somebody watched it there

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What keeps the path from being dead."""
        if not self.beyond:
            return ()
        counts = Counter[str]()
        for use in self.beyond:
            counts[_NAMED.get(use.rung, "use")] += use.count
        told = listing([number(count, name) for name, count in sorted(counts.items())])
        where = sorted({use.process for use in self.beyond})
        labels = listing([process.label for process in where], MOST_PROCESSES)
        names = sorted({use.name for use in self.beyond})
        what = f"Prometheus counted {told} of {listing(names)} that the recordings do not tell, in {labels}"
        return (Missing(what, FLEET),)

    @property
    def weakness(self) -> str:
        """Why "every process is here" cannot be said, in words; "" where it can."""
        if not self.is_known:
            return "Prometheus knows nothing of it"
        if self.unrecorded:
            left = number(self.unrecorded, "process")
            return f"{left} that Prometheus knows left no recording here, and its 0 proves less"
        return ""


class Fleet:
    """Compares fleet-wide counts with the recordings.

    Args:
        counts: the answer of a Prometheus.
        recording: what was recorded, in some processes of the fleet or in all.
        dead: says whose silence counts.
        epochs: the processes that were recorded.
    """

    def __init__(
        self, counts: FleetCounts, recording: Recording, dead: Dead, epochs: Collection[Epoch]
    ) -> None:
        self.counts = counts
        self._environments = dead.environments
        self._services = {process.service for process in recording.processes}
        self._here = {process.identity for process in recording.processes}
        self._recorded = _recorded(recording)
        self._first = min((epoch.armed for epoch in epochs if epoch.armed), default=0)
        self._last = max((epoch.last for epoch in epochs), default=0)
        self._unrecorded = [
            process
            for process in counts.processes
            if self._counts(process.service, process.environment) and process.identity not in self._here
        ]

    def about(
        self, subject: Subject, watched_as: str, kinds: Collection[str], is_loaded: bool, is_looked_for: bool
    ) -> FleetWord:
        """Return what is counted of a path.

        Args:
            subject: the path.
            watched_as: the watched path that it is or lies in.
            kinds: what the recorded processes say that it is.
            is_loaded: the recordings tell that it was loaded.
            is_looked_for: they tell that a finder was asked for it.
        """
        uses = [use for use in self.counts.uses if use.name == watched_as or subject.has(use.name)]
        is_read = not {ALIAS, VALUE}.isdisjoint(kinds)
        if subject.name and _WITH_CODE.isdisjoint(kinds):
            is_read = True  # or may be: nobody here knows what it is
        imports = [use for use in self.counts.imports if self._is_import_of(subject, use.name, is_read)]
        by_rung = Counter[str]()
        for use in uses:
            by_rung[use.rung] += use.count
        accepted = {LOADED, RESOLVED} if is_loaded else {RESOLVED} if is_looked_for else set()
        if is_read:
            accepted = set()  # to fetch it is to use it, and that is an import
        beyond = [use for use in self._beyond(uses) if use.rung not in accepted]
        if LOADED not in accepted:
            loaders = {use.process for use in beyond}
            beyond += [use for use in self._loads(imports) if use.process not in loaders]
        watching = [one for one in self.counts.watchers if self._is_watched(subject, watched_as, one)]
        return FleetWord(
            {rung: by_rung[rung] for rung in (*RUNGS, "") if rung or by_rung[rung]},
            sum(one.processes for one in watching),
            len(self._unrecorded),
            tuple(beyond),
            tuple(self._gaps(bool(watching))),
            bool(watching),
        )

    def _counts(self, service: str, environment: str) -> bool:
        """Was the service recorded, and does silence in the environment count? What is not told may be."""
        is_counted = not self._environments or environment in ("", *self._environments)
        return is_counted and (not service or service in self._services)

    def _is_watched(self, subject: Subject, watched_as: str, watchers: Watchers) -> bool:
        is_it = watchers.path in (watched_as, subject.path)
        return is_it and self._counts(watchers.service, watchers.environment)

    def _beyond(self, uses: Iterable[UseCount]) -> Iterator[UseCount]:
        """Yield what was counted, and not recorded: in other processes, or more often than recorded.

        Where an answer does not tell processes apart, only the sum can be compared.
        """
        together: dict[tuple[str, str], list[UseCount]] = defaultdict(list)
        for use in uses:
            if not use.process.identity:
                together[use.name, use.rung].append(use)
                continue
            known = self._recorded[use.name].get((use.process.identity, use.rung), 0)
            if use.count > known:
                yield use._replace(count=use.count - known)
        for (name, rung), found in together.items():
            told = self._recorded[name].items()
            known = sum(count for (_, reached), count in told if not rung or rung == reached)
            count = sum(use.count for use in found)
            if count > known:
                yield found[0]._replace(count=count - known)

    def _loads(self, imports: Iterable[UseCount]) -> Iterator[UseCount]:
        """Yield imports in processes that left no recording."""
        for use in imports:
            if use.process.identity not in self._here:
                yield use._replace(rung=LOADED)

    def _is_import_of(self, subject: Subject, module: str, is_read: bool) -> bool:
        if subject.name:
            return is_read and module == subject.module
        return is_within(module, subject.module)

    def _gaps(self, is_known: bool) -> Iterator[str]:
        if not is_known:
            services = listing(sorted(filter(None, self._services))) or "these services"
            yield f"Prometheus knows nothing of it in {services}"
        if self._first and self.counts.oldest and day_of(self.counts.oldest) > day_of(self._first):
            yield f"it remembers nothing before {day_of(self.counts.oldest)}"
        if self._last > self.counts.asked_at + CLOCK_TOLERANCE:
            yield f"it was asked on {moment(self.counts.asked_at)}, before the recordings end"
        lossy = [process for process in self.counts.lossy if process in self._unrecorded]
        if lossy:
            yield f"{number(len(lossy), 'process')} without a recording here lost records"


def _recorded(recording: Recording) -> Mapping[str, Mapping[tuple[str, str], int]]:
    """Return how often each path was used by the recordings: path -> (process, rung) -> count."""
    told: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for process, use in recording.of(PathUseRecord):
        told[use.path][process, use.rung] += use.count
    for process, state in recording.of(WatchedPathRecord):
        for rung, count in zip(RUNGS, (state.resolved, state.loaded, state.constructed, state.called)):
            told[state.path][process, rung] = max(told[state.path][process, rung], count)
    return told
