"""Words the findings about pools: what one user left on a connection that another one got."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number, times
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.names import last_part
from ssot_probe.model.records import HandoverRecord, PoolRecord
from ssot_probe.model.sharing import residue_severity

MOST_HANDOVERS = 3


class PoolUse(NamedTuple):
    """How often a pool handed out resources of one class."""

    pool: str
    cls: str
    count: int  # type: ignore[assignment]
    unattributed: int
    handovers: int  # to another user than the one before
    unclean: int


_LEFT = {
    "unread": "with unread data of the first",
    "unanswered": "while a reply to the first was still to come",
    "abandoned": "while a reply to the first had never come",
    "late": "with data that had come since the first gave it back",
    "interrupted": "after the first was interrupted while using it",
}


def pool_uses(recording: Recording) -> tuple[PoolUse, ...]:
    """Add up what pools handed out, over all processes."""
    found: dict[tuple[str, str], PoolUse] = {}
    for _, record in recording.of(PoolRecord):
        key = record.pool, record.cls
        if record.count:
            known = found.get(key, PoolUse(*key, 0, 0, 0, 0))
            found[key] = PoolUse(
                *key,
                known.count + record.count,
                known.unattributed + record.unattributed,
                known.handovers + record.handovers,
                known.unclean + record.unclean,
            )
    return tuple(sorted(found.values()))


def pool_findings(recording: Recording, rule: Rule) -> Iterator[Finding]:
    """Yield a finding for each pool and class of resources, and for each severity."""
    found: dict[tuple[str, str, Severity], list[HandoverRecord]] = defaultdict(list)
    for _, record in recording.of(HandoverRecord):
        found[record.pool, record.cls, residue_severity(record.residue)].append(record)
    for (pool, cls, severity), handovers in sorted(found.items()):
        in_order = sorted(handovers, key=lambda record: (record.time, record))
        yield rule.finding(
            cls,
            _message(pool, in_order),
            [line for record in in_order[:MOST_HANDOVERS] for line in _lines(record)],
            severity=severity,
            count=len(handovers),
            users=len({user for record in handovers for user in record.users}),
        )


def _message(pool: str, handovers: Sequence[HandoverRecord]) -> str:
    ways = list(dict.fromkeys(_LEFT.get(record.residue, record.residue) for record in handovers))
    what = last_part(handovers[0].cls)
    if len(handovers) == 1:
        return f"The pool {pool} handed a {what} to another user {ways[0]}."
    return f"The pool {pool} handed a {what} to another user {' or '.join(ways)}, {times(len(handovers))}."


def _lines(record: HandoverRecord) -> Iterator[Evidence]:
    given_back, site = record.given_back, record.site
    during = f" during {record.interruption}" if record.interruption else ""
    if given_back.file:
        yield Evidence(
            f"given back{during}",
            given_back.file,
            given_back.line,
            record.given_back_thread,
            record.given_back_task,
            record.users[0],
        )
    unread = f", {number(record.unread, 'byte')} unread" if record.unread else ""
    yield Evidence(
        f"handed out by {record.acquire}, on the same connection{unread}",
        *(site.file, site.line, record.thread, record.task, record.users[1]),
    )
