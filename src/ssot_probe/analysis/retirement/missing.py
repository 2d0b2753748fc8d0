"""What is missing before silence means something, each with the earliest day on which it could be there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from ssot_probe.analysis.retirement.days import (
    DAYS_OF_CYCLE,
    after,
    days_needed,
    last_stretch,
    longest_stretch,
    next_day,
)
from ssot_probe.analysis.retirement.ledger import FAILED
from ssot_probe.analysis.retirement.residue import Importer
from ssot_probe.analysis.retirement.window import Window
from ssot_probe.analysis.wording import listing, number
from ssot_probe.model.policy import Dead

MOST_PLACES = 5
UNSCANNED = "the source was scanned by a policy that does not name it: scan again with this policy"


TRACE = "trace"
"""What can be missing from a verdict that stands: a way to know."""

FLEET = "fleet"
"""What is missing where others than the recordings counted uses: who made them."""

NO_SCAN = "a scan of the source: who imports it, and since when, is known of imports that ran only"


class Missing(NamedTuple):
    """Something that must be there first."""

    what: str
    kind: str  # "role" | "days" | "cycle" | "entry-point" | "importer" | "unseen" | "scan" | TRACE | FLEET
    earliest: date | None = None  # None: no day can be named, somebody has to do something

    def __str__(self) -> str:
        return f"{self.what} (earliest {self.earliest})" if self.earliest else self.what


def missing_of(
    window: Window,
    dead: Dead,
    today: date,
    unran: Sequence[str],
    importers: Iterable[Importer],
    unseen: Iterable[str],
    is_unscanned: bool = False,
    begun: Collection[str] = (),
) -> tuple[Missing, ...]:
    """Return everything that is missing.

    Args:
        window: the days of evidence.
        dead: the terms of the policy.
        today: more evidence can be had from this day on.
        unran: the entry points that have not run.
        importers: the declared imports of the path in code that stays.
        unseen: ways to use the path that nothing would have shown.
        begun: entry points that began, and did not get past their first line.
        is_unscanned: the source was scanned by a policy that does not name the path.
    """
    first = next_day(window.days, today)
    pending = [importer for importer in importers if importer.is_pending]
    return (
        *(Missing(f"role {role} never reported", "role", first) for role in window.silent),
        *_days(window, dead, first),
        *_cycle(window, dead, first, today),
        *(Missing(_unran(name, begun), "entry-point", first) for name in unran),
        *_importers(pending),
        *(Missing(what, "unseen") for what in unseen),
        *((Missing(UNSCANNED, "scan"),) if is_unscanned else ()),
    )


def _unran(name: str, begun: Collection[str]) -> str:
    how = "began, and did not get past its first line" if name in begun else "has not run"
    return f"entry point {name} {how}"


def _days(window: Window, dead: Dead, first: date) -> Iterator[Missing]:
    needed = max(dead.min_days, 1)
    lacking = needed - len(window.days)
    if lacking > 0:
        of_roles = f" on which {listing(dead.roles)} all reported" if len(dead.roles) > 1 else ""
        failed = sum(epoch.closed == FAILED for epoch in window.epochs)
        but = f" ({number(failed, 'process')} ended by an exception, on a day that does not count)"
        what = f"{len(window.days)} of {number(needed, 'day')} of evidence{of_roles}{but if failed else ''}"
        yield Missing(what, "days", after(first, lacking))


def _cycle(window: Window, dead: Dead, first: date, today: date) -> Iterator[Missing]:
    if not dead.cycles:
        return
    longest = max(dead.cycles, key=lambda cycle: DAYS_OF_CYCLE[cycle])
    needed, have = days_needed(longest), longest_stretch(window.days)
    if have < needed:
        what = (
            f"{have} of {number(needed, 'day')} in a row: what happens once a {longest} may not have "
            "had its chance"
        )
        yield Missing(what, "cycle", after(first, needed - last_stretch(window.days, today)))


def _importers(pending: Sequence[Importer]) -> Iterator[Missing]:
    for importer in pending[:MOST_PLACES]:
        place = f"{importer.file}:{importer.line}"
        yield Missing(f"{place} {importer.what} and did not run ({importer.state})", "importer")
    if len(pending) > MOST_PLACES:
        more = number(len(pending) - MOST_PLACES, "more place")
        yield Missing(f"{more} that import it and did not run", "importer")
