"""Figures of records that are not here: what was added up where they lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Summary(NamedTuple):
    """What a store says of the processes whose records it has added up, scans left out."""

    received: Mapping[str, int]  # process -> how many records of it there are
    readable: Mapping[str, int]  # process -> of these, how many could be read, each once
    extents: Mapping[str, tuple[int, int]]  # process -> first and last time of any
    uses: Mapping[tuple[str, str], int]  # process, class -> users' first accesses to instances
    users: Mapping[tuple[str, tuple[str, ...]], int]  # key of hashes, classes -> users who had just these


NOTHING = Summary({}, {}, {}, {}, {})


def together(summaries: Iterable[Summary]) -> Summary:
    """Return one of several, which share no process."""
    received: dict[str, int] = {}
    readable: dict[str, int] = {}
    extents: dict[str, tuple[int, int]] = {}
    uses: dict[tuple[str, str], int] = {}
    users: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for number, summary in enumerate(summaries):
        received.update(summary.received)
        readable.update(summary.readable)
        extents.update(summary.extents)
        uses.update(summary.uses)
        for (key, classes), count in summary.users.items():
            # Whether two stores mean the same users is not known: each has keys of its own.
            users[f"{key}/{number}" if number else key, classes] += count
    return Summary(received, readable, extents, uses, users)
