"""The window of a path: the processes whose silence about it counts, and the days that they cover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from ssot_probe.analysis.retirement.days import NANOSECONDS, day_of
from ssot_probe.analysis.retirement.epochs import Epoch
from ssot_probe.model.policy import Dead


class Window(NamedTuple):
    """What was watched, by whom, and for how long."""

    epochs: tuple[Epoch, ...]  # that watched the path as it is now, and count
    days: frozenset[date]  # with valid evidence for every role that must have reported
    days_of_role: Mapping[str, frozenset[date]]
    silent: tuple[str, ...]  # roles that must have reported, and never did

    @property
    def hours(self) -> float:
        """Hours of processes, added up: no measure of strength, as they do the same."""
        return sum(max(0, epoch.last - epoch.armed) for epoch in self.epochs) / NANOSECONDS / 3600


def counts(epoch: Epoch, dead: Dead, since: date | None) -> bool:
    """Does the silence of the process count, if nothing is wrong with it?"""
    if epoch.is_test or (dead.environments and epoch.environment not in dead.environments):
        return False
    return since is None or not epoch.last or day_of(epoch.last) >= since


def window_of(epochs: Iterable[Epoch], dead: Dead, since: date | None) -> Window:
    """Return the window that these processes make up; days before `since` do not count."""
    kept = tuple(epochs)
    found: dict[str, set[date]] = defaultdict(set)
    for days, role in {(epoch.days, epoch.role) for epoch in kept if not epoch.doubts}:
        found[role].update(day for day in days if since is None or day >= since)
    by_role = {role: frozenset(found.get(role, ())) for role in (*sorted(found), *dead.roles)}
    days = _common([by_role[role] for role in dead.roles] or by_role.values(), dead)
    reported = {epoch.role for epoch in kept}
    return Window(kept, days, by_role, tuple(role for role in dead.roles if role not in reported))


def _common(days: Iterable[frozenset[date]], dead: Dead) -> frozenset[date]:
    each: Sequence[frozenset[date]] = list(days)
    if not each:
        return frozenset()
    return frozenset.intersection(*each) if dead.roles else frozenset.union(*each)
