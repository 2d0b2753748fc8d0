"""Evidence lines for places in source code: who imported or called something there, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ssot_probe.analysis.fetches import Fetch
from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.wording import number, times
from ssot_probe.model.finding import Evidence
from ssot_probe.model.records import Site

MOST_LINES = 20
"""Bound on the evidence lines of one finding that name places."""


def importers(fetches: Iterable[Fetch]) -> list[Evidence]:
    """Return one line per place and path, the places in order of file and line."""
    counts: Counter[tuple[str, int, Path]] = Counter()
    for fetch in fetches:
        counts[fetch.record.site.file, fetch.record.site.line, fetch.path] += fetch.record.count
    return [
        Evidence(f"imports {path.name} from {path.module}, {times(count)}", file, line)
        for (file, line, path), count in sorted(counts.items())
    ]


def at_sites(counts: Mapping[tuple[str, int, str], int]) -> list[Evidence]:
    """Return one line per place: the keys are file, line and what happened there, without how often."""
    return [
        Evidence(f"{what}, {times(count)}", file, line)
        for (file, line, what), count in sorted(counts.items())
    ]


def at(site: Site, what: str) -> Evidence:
    """Return a line for one place."""
    return Evidence(what, site.file, site.line)


def capped(lines: Sequence[Evidence], limit: int = MOST_LINES) -> list[Evidence]:
    """Return the first lines, and behind them how many more places there are."""
    if len(lines) <= limit:
        return list(lines)
    return [*lines[:limit], Evidence(f"and {number(len(lines) - limit, 'more place')}")]


def capped_groups(groups: Sequence[Sequence[Evidence]], limit: int = MOST_LINES) -> list[Evidence]:
    """Return the lines of all groups, each cut to its share of the limit, but never to less than two."""
    if sum(len(group) for group in groups) <= limit:
        return [line for group in groups for line in group]
    share = max(2, limit // len(groups))
    return [line for group in groups for line in capped(group, share)]
