"""SSOT304: work for one user ran with the context of another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.places import MOST_LINES
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number, times
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import ContextRecord
from ssot_probe.model.residue import context_severity

RULE = Rule(
    code="SSOT304",
    name="stale-context",
    severity=Severity.ERROR,
    claim="A thread or task ran for one user while it still carried the context of another.",
    proof="At a call of a maker or method, or where a job or request began: whose context was carried (a "
    "ContextVar, callable or baggage of the policy, or a `threading.local` of the application), and whom the "
    "work was for (`bind_user()`, an argument that the policy declares, who handed the job in): two "
    "users, as hashes, with place, thread and task.",
    silent="A context that was copied into a task of the same request; one user who acts for another in a "
    "nested `bind_user()`, or who was set as the current user since the job or request began; a ContextVar "
    "that was reset, or that has only its default; parameters that the policy does not declare to be the "
    "user, as they may name an addressee; calls of which only one side is known.",
    fix="Reset what a job sets, in a `finally`: `token = current_user.set(user)` and "
    "`current_user.reset(token)`. Run jobs in a copy of the context (`asyncio.to_thread`, "
    "`contextvars.copy_context().run`), and start long-lived tasks in a context of their own.",
    example='user = [{ contextvar = "chat.auth:current_user" }, { argument = "user_id" }]',
)

_BEGAN = {"job": "a job", "request": "a request"}


def check(case: Case) -> Iterator[Finding]:
    """Group what was seen by the class that it happened to, or by what carried the context."""
    concepts = {members.concept.name: members.concept for members in case.concepts}
    found: dict[tuple[str, str], list[ContextRecord]] = defaultdict(list)
    for _, record in case.recording.of(ContextRecord):
        subject = record.cls or record.carrier.partition(" ")[2]
        found[record.concept, subject].append(record)
    for (concept, subject), records in sorted(found.items()):
        yield _finding(concepts.get(concept), subject, records)


def _finding(concept: Concept | None, subject: str, records: Sequence[ContextRecord]) -> Finding:
    had_effect = any(record.moment == "call" or record.severity == "error" for record in records)
    count = sum(record.count for record in records)
    users = {user for record in records for user in (record.carried, record.user) if user}
    if had_effect:
        message = f"Work for one user ran with the context of another, {times(count)}."
    else:
        message = f"Work began with the context that work for another user had left, {times(count)}."
    return RULE.finding(
        subject,
        message,
        list(_lines(records)),
        concept=concept,
        severity=context_severity(concept, had_effect),
        count=count,
        users=len(users),
        settle="the `user` sources that say whom its work is for,",
    )


def _lines(records: Sequence[ContextRecord]) -> Iterator[Evidence]:
    counts: dict[ContextRecord, int] = defaultdict(int)
    for record in sorted(records, key=lambda record: (record.first, record)):
        counts[_same(counts, record)] += record.count
    for record, count in list(counts.items())[:MOST_LINES]:
        site = record.site
        yield Evidence(_what(record, count), site.file, site.line, record.thread, record.task, record.user)
        if record.since:
            file, _, line = record.since.rpartition(":")
            yield Evidence("the context had been left there by this", file, int(line))
    if len(counts) > MOST_LINES:
        yield Evidence(f"and {number(len(counts) - MOST_LINES, 'more place')}")


def _same(known: Mapping[ContextRecord, int], record: ContextRecord) -> ContextRecord:
    """Return the record that tells of the same place, if one is known: facts are told again as they grow."""
    for other in known:
        if (other.moment, other.carrier, other.said_by, other.maker, other.site) == (
            *(record.moment, record.carrier, record.said_by, record.maker, record.site),
        ):
            return other
    return record


def _what(record: ContextRecord, count: int) -> str:
    whom = f"for {record.user}, as {record.said_by} says," if record.user else "for somebody who is not known"
    carried = f"{record.carrier} carried {record.carried}"
    if record.moment == "call":
        return f"{record.maker} called {whom} while {carried}, {times(count)}"
    began = _BEGAN.get(record.moment, "work")
    ran = f", {record.maker}," if record.maker else ""
    return f"{began}{ran} {whom} began while {carried}, {times(count)}"
