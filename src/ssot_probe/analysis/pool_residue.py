"""Words the findings about pools: what one user left on a connection that another one got."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.records import HandoverRecord
from ssot_probe.model.sharing import residue_severity

MOST_HANDOVERS = 3

_LEFT = {
    "unread": "with unread data of the first",
    "unanswered": "while a reply to the first was still to come",
    "abandoned": "while a reply to the first had never come",
    "late": "with data that had come since the first gave it back",
    "interrupted": "after the first was interrupted while using it",
}


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
    if len(handovers) == 1:
        return f"The pool {pool} handed one to another user {ways[0]}."
    times = number(len(handovers), "time")
    return f"The pool {pool} handed one to another user {times}: {'; '.join(ways)}."


def _lines(record: HandoverRecord) -> Iterator[Evidence]:
    left, site = record.left, record.site
    during = f" during {record.interruption}" if record.interruption else ""
    if left.file:
        yield Evidence(
            f"given back{during}", left.file, left.line, record.left_thread, record.left_task, record.users[0]
        )
    unread = f", {number(record.unread, 'byte')} unread" if record.unread else ""
    yield Evidence(
        f"handed out by {record.acquire}, on the same connection{unread}",
        *(site.file, site.line, record.thread, record.task, record.users[1]),
    )
