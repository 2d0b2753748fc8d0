"""The uses of a path, sorted by what they say: who needs it, who only loads it, what is too old to count."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from ssot_probe.analysis.retirement.changes import Changes, Version
from ssot_probe.analysis.retirement.days import NANOSECONDS, start_of
from ssot_probe.analysis.retirement.subjects import Subject
from ssot_probe.analysis.retirement.use import Use
from ssot_probe.analysis.retirement.uses import UseIndex
from ssot_probe.model.path_records import APPLICATION, INHERITED, LOADED, RESOLVED

LASTING = (LOADED, INHERITED)
"""Rungs that a path stays on as long as the process lives."""

REARMING = 2 * 3600 * NANOSECONDS
"""What was heard once is listened to again an hour later: until then it may have happened more often."""


class Seen(NamedTuple):
    """The uses of one path, sorted by what they say."""

    needs: list[Use]  # by the application, in the newest version of its source, within the window
    others: list[Use]  # by tests, tools, sweeps and health checks
    loads: list[Use]
    looked: list[Use]  # finder questions
    tries: list[Use]  # failed imports
    superseded: list[tuple[Use, Version]]  # by an older version of the file that used it
    before: list[Use]

    @property
    def all(self) -> list[Use]:
        """Every use within the window, in the order of time."""
        return sorted({*self.needs, *self.others, *self.loads, *self.looked, *self.tries})


def reinstated(seen: Seen, files: Collection[str] | None = None) -> Seen:
    """Return the same with uses by older versions counted: those of these files, all of them for None."""
    back = [pair for pair in seen.superseded if files is None or pair[0].site.file in files]
    uses = [use for use, _ in back]
    return seen._replace(
        needs=sorted([*seen.needs, *(use for use in uses if use.origin == APPLICATION)]),
        others=sorted([*seen.others, *(use for use in uses if use.origin != APPLICATION)]),
        superseded=[pair for pair in seen.superseded if pair not in back],
    )


class Sorter:
    """Sorts uses.

    Args:
        index: of everything that can be a use.
        changes: of the source while it was recorded.
        since: what happened before this day does not count.
        ends: the last sign of life of each process.
    """

    def __init__(
        self, index: UseIndex, changes: Changes, since: date | None, ends: Mapping[str, int]
    ) -> None:
        self._index = index
        self._changes = changes
        self._since = since
        self._ends = ends

    def seen(self, subject: Subject, is_alias: bool) -> Seen:
        """Return the uses of a path.

        Args:
            subject: the path.
            is_alias: it is bound to something of another module: to fetch it is to use it.
        """
        tries = [use for use in self._index.tries(subject) if self.is_within(use)]
        seen = Seen([], [], [], [], tries, [], [])
        for use in self._index.uses_of(subject, is_alias):
            if not self.is_within(use):
                seen.before.append(use)
            elif use.rung == RESOLVED:
                seen.looked.append(use)
            elif not use.is_need:
                seen.loads.append(use)
            elif use.is_own:
                if use.rung == LOADED:
                    seen.loads.append(use)
            else:
                self._sort_need(use, seen)
        return seen

    def is_within(self, use: Use) -> bool:
        """Does the use reach into the window? What was loaded stays so until its process ends."""
        if self._since is None:
            return True
        last = max(use.last, self._ends.get(use.process, 0)) if use.rung in LASTING else use.last
        return last + (REARMING if use.is_at_least else 0) >= start_of(self._since)

    def _sort_need(self, use: Use, seen: Seen) -> None:
        newer = self._changes.replaced(use)
        if newer is not None:
            seen.superseded.append((use, newer))
        elif use.origin == APPLICATION:
            seen.needs.append(use)
        else:
            seen.others.append(use)
        if use.rung == LOADED:
            seen.loads.append(use)


def through_of(subject: Subject, seen: Seen, index: UseIndex, importers: Iterable[str]) -> tuple[str, ...]:
    """Return the names by which alone a path is used: subclasses, or other names that lead to it.

    Args:
        subject: the path.
        seen: its uses.
        index: of all uses.
        importers: the modules that source says import it, outside of what is deleted with it.
    """
    if not seen.needs:
        return ()
    if all(use.through for use in seen.needs):
        return tuple(sorted({use.through for use in seen.needs}))
    aliases = index.aliases.of(subject)
    owners = {alias.partition(":")[0] for alias in aliases}
    loaders = {
        use.site.module for use in seen.loads if use.site.file and not subject.is_within_dead_set(use.site)
    }
    users = {use.site.module for use in seen.needs}
    is_alone = owners >= {*loaders, *importers} and owners.isdisjoint(users)
    return aliases if is_alone else ()
