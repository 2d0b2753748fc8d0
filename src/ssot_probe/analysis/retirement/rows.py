"""What is known of a path, and of the evidence that its verdict rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from ssot_probe.analysis.prometheus.fleet_counts import FleetCounts
from ssot_probe.analysis.retirement.chains import Chain
from ssot_probe.analysis.retirement.code_join import UsedCode
from ssot_probe.analysis.retirement.epochs import Doubt
from ssot_probe.analysis.retirement.fleet import FleetWord
from ssot_probe.analysis.retirement.grades import Axis
from ssot_probe.analysis.retirement.missing import Missing
from ssot_probe.analysis.retirement.residue import Importer, Residue
from ssot_probe.analysis.retirement.use import Use
from ssot_probe.analysis.retirement.window import Window
from ssot_probe.analysis.wording import number, period, place
from ssot_probe.model.path_records import CALLED, CONSTRUCTED, INHERITED, LOADED, RESOLVED
from ssot_probe.model.policy import Dead

ALL_RUNGS = (RESOLVED, LOADED, CONSTRUCTED, CALLED, INHERITED)
FIRST_WITNESSES = 3


class Rung(NamedTuple):
    """How often a path was used in one way, and when."""

    count: int  # type: ignore[assignment]
    is_at_least: bool
    first: int  # nanoseconds since the epoch; 0 where it never was
    last: int


class Witness(NamedTuple):
    """One use with everything that is known of it."""

    file: str
    line: int
    what: str
    rung: str
    origin: str
    by_user: bool
    thread: str
    process: str  # its label
    time: int
    count: int  # type: ignore[assignment]
    is_at_least: bool


class Row(NamedTuple):
    """What is known of one path."""

    path: str
    concept: str
    kind: str  # what the processes say that it is; "" where none watched it
    verdict: str
    grade: str
    axes: tuple[Axis, ...]
    sentence: str
    rungs: dict[str, Rung]
    first: int
    last: int
    witnesses: tuple[Witness, ...]  # the first ones, and the last one
    origins: tuple[str, ...]
    through: tuple[str, ...]  # the only names by which it is used
    importers: tuple[Importer, ...]  # that source declares in code that stays
    residue: Residue | None  # None: the source was not scanned
    chain: Chain | None  # of declared imports from what runs down to it; only where that was asked for
    missing: tuple[Missing, ...]
    doubts: tuple[Doubt, ...]
    window: Window
    bound: float | None  # less than one use in so many days
    tries: tuple[Use, ...]  # imports that failed
    wanted: tuple[Use, ...]  # of these, those in processes where it is not there at all
    superseded: int  # uses of older versions, which prove nothing of the newest
    before: int  # uses before the window that was asked for
    target: str = ""  # of an alias: the qualified name of what it is bound to
    fleet: FleetWord | None = None  # None: no Prometheus was asked


class Retirement(NamedTuple):
    """The verdicts, and the evidence that they rest on."""

    rows: tuple[Row, ...]
    window: Window
    total: int  # processes
    counted: int  # of these, those whose silence counts if nothing is wrong with them
    tests: int
    doubts: tuple[Doubt, ...]  # that are about all paths
    environments: tuple[str, ...]
    releases: tuple[str, ...]
    hosts: tuple[str, ...]
    entry_points: int
    ran: int  # entry points
    policies: int  # different ones in force while recording
    is_scanned: bool
    used: int  # pieces of code of watched paths
    unmatched: tuple[UsedCode, ...]  # of these, those that the scanned source does not define
    since: date | None
    dead: Dead
    fleet: FleetCounts | None = None  # None: no Prometheus was asked


def rungs_of(uses: Iterable[Use]) -> dict[str, Rung]:
    """Return how often each rung was reached."""
    by_rung: dict[str, list[Use]] = {rung: [] for rung in ALL_RUNGS}
    for use in uses:
        by_rung[use.rung].append(use)
    is_late = bool(by_rung[INHERITED])  # a subclass is found after it is there, and may be constructed before
    return {
        rung: Rung(
            sum(use.count for use in found),
            any(use.is_at_least for use in found) or (is_late and rung == CONSTRUCTED),
            min((use.first for use in found), default=0),
            max((use.last for use in found), default=0),
        )
        for rung, found in by_rung.items()
    }


def witnesses_of(uses: Sequence[Use], labels: Callable[[str], str]) -> Iterator[Witness]:
    """Yield the first uses, each place once, and the last one."""
    places: dict[tuple[str, int, str], Use] = {}
    for use in sorted(uses):
        places.setdefault((use.site.file, use.site.line, use.what), use)
        if len(places) == FIRST_WITNESSES:
            break
    chosen = list(places.values())
    last = max(uses, key=lambda use: (use.last, use), default=None)
    alike: dict[tuple[object, ...], list[Use]] = defaultdict(list)
    for use in uses:
        alike[_where(use)].append(use)
    for use in chosen:
        yield _witness(use, use.first, labels(use.process), alike[_where(use)])
    if last is not None and (last not in chosen or last.last > last.first):
        yield _witness(last, last.last, labels(last.process), alike[_where(last)])


def said_of(uses: Sequence[Use]) -> str:
    """Return in words who made the first of these uses, and when the first and the last happened."""
    if not uses:
        return ""
    first = min(uses)
    last = max(uses, key=lambda use: (use.last, use))
    when = period(first.first, last.last)
    where = f"{place(first.site.file, first.site.line)} " if first.site.file else ""
    places = {(use.site.file, use.site.line) for use in uses}
    more = f" and {number(len(places) - 1, 'more place')}" if len(places) > 1 else ""
    return f"{where}{first.what}{more}, {when}"


def _where(use: Use) -> tuple[object, ...]:
    """Return what uses have in common that are told as one: bit by bit, or for several threads."""
    return use.process, use.site.file, use.site.line, use.what, use.origin


def _witness(use: Use, time: int, label: str, alike: Iterable[Use]) -> Witness:
    found = list(alike)
    return Witness(
        *(use.site.file, use.site.line, use.what, use.rung, use.origin, use.by_user, use.thread, label),
        *(time, sum(one.count for one in found), any(one.is_at_least for one in found)),
    )
