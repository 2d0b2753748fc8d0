"""SSOT306: two users were inside one instance's methods at the same time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number, times
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import OverlapRecord
from ssot_probe.model.sharing import concurrency_severity, may_be_shared

RULE = Rule(
    code="SSOT306",
    name="concurrent-use",
    severity=Severity.WARNING,
    claim="Two users were inside one instance's methods at the same time, so each may see what the other's "
    "call has written so far.",
    proof="For both calls the method, the place of the call, the hashed user, thread and task, when it came "
    "in, and until when both were inside. An async method is inside while it waits, a generator from its "
    "first step until it ends. The user is taken from what surrounds a call, such as `bind_user` or a "
    "ContextVar, never from its arguments.",
    silent='Concepts with `isolation = "process"` and types in `shared_ok`; two calls of one user; calls for '
    "which no user was known; a call that is made by the other one, in its thread and task, for a user "
    "that it binds; calls that follow each other.",
    fix="Give each user an instance. Where users must share one, keep what belongs to a call in its "
    'variables, and say with `isolation = "process"` or `shared_ok` that it may be shared.',
    example='shared_ok = ["chat.ws.limits:RateTable"]',
)

MOST_OVERLAPS = 3


def check(case: Case) -> Iterator[Finding]:
    """Look for overlaps of two users' calls in instances that they may not share."""
    for members in case.concepts:
        names = {cls.name for cls in members.judged}
        by_class: dict[str, list[OverlapRecord]] = defaultdict(list)
        for _, record in case.recording.of(OverlapRecord):
            if record.cls in names and record.concept == members.concept.name:
                by_class[record.cls].append(record)
        for name, records in sorted(by_class.items()):
            if not may_be_shared(members.concept, name):
                yield _finding(members.concept, name, records)


def _finding(concept: Concept, name: str, records: Sequence[OverlapRecord]) -> Finding:
    ordered = sorted(records, key=lambda record: (record.time, record))
    count = sum(record.count for record in ordered)
    users = {user for record in ordered for user in record.users}
    pairs = sorted({tuple(sorted(record.methods)) for record in ordered})
    lines = [
        line
        for position, record in enumerate(_different(ordered)[:MOST_OVERLAPS])
        for line in _lines(position, record)
    ]
    methods = " and ".join(dict.fromkeys(method.partition(":")[2] for method in pairs[0]))
    more = f", and {number(len(pairs) - 1, 'more pair')} of methods" if len(pairs) > 1 else ""
    return RULE.finding(
        name,
        f"Two users were inside one instance at the same time, {times(count)}: in {methods}{more}.",
        lines,
        concept=concept,
        severity=concurrency_severity(concept),
        count=count,
        users=len(users),
        settle='isolation = "process" where users may share it, or isolation = "user" where they may not,',
    )


def _different(records: Sequence[OverlapRecord]) -> list[OverlapRecord]:
    """Return one record of each pair of methods first, then the others."""
    first: dict[tuple[str, ...], OverlapRecord] = {}
    for record in records:
        first.setdefault(tuple(sorted(record.methods)), record)
    chosen = list(first.values())
    return [*chosen, *(record for record in records if record not in chosen)]


def _lines(position: int, record: OverlapRecord) -> Iterator[Evidence]:
    came = (record.time - record.entered) / 1e6
    until = "to the end of what was seen" if not record.until else f"to {_at(record.until, record)}"
    texts = (
        f"inside {record.methods[0]} from +0.0 ms",
        f"inside {record.methods[1]} from +{came:.1f} ms, both {until}",
    )
    calls = zip(texts, record.places, record.threads, record.tasks, record.users)
    for text, place, thread, task, user in calls:
        file, _, line = place.rpartition(":")
        yield Evidence(text, file, int(line) if line.isdecimal() else 0, thread, task, user)


def _at(time: int, record: OverlapRecord) -> str:
    return f"+{(time - record.entered) / 1e6:.1f} ms"
