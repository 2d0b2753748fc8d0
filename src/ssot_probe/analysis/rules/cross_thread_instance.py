"""SSOT302: one user's instance was used from several threads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import ThreadRecord
from ssot_probe.model.sharing import may_be_shared, wants_one_per_thread

RULE = Rule(
    code="SSOT302",
    name="cross-thread-instance",
    severity=Severity.WARNING,
    claim="One user's instance was used from several threads, in a concept with `isolation = "
    '"user+thread"`: each thread of a user is to have an instance of its own.',
    proof="Its methods ran in several threads for one user, or a factory gave this very instance to "
    "several: for each thread its name and the place of its first call. Threads are told apart by a serial, "
    "as their names and numbers are used again. Whom a call is for is known from what surrounds it, such as "
    "`bind_user` or a ContextVar; where nothing says so, from the instance, if it was made for one user.",
    silent="A job that a pool's worker was given, as by `run_in_executor`, `asyncio.to_thread` or "
    "`run_in_threadpool`, while no other thread is in the instance until the job is done; an instance that "
    "one thread made or got and only passed on to the one that uses it; all other values of `isolation`. Two "
    "threads of their own are several even where the first had ended before the second began: what belongs "
    "to a thread does not pass to the next.",
    fix="Make the instance in the thread that uses it, or look it up by user and thread. Where one thread "
    'after the other may use it, `isolation = "user"` says so.',
    example='isolation = "user+thread"',
)

MOST_INSTANCES = 3
MOST_THREADS = 4


class Spread(NamedTuple):
    """One user's use of one instance."""

    instance: str
    user: str
    uses: tuple[ThreadRecord, ...]  # the first of each thread, in order of time
    is_at_once: bool


def check(case: Case) -> Iterator[Finding]:
    """Look for instances that several threads used for one user, where each is to have its own."""
    for members in case.concepts:
        if not wants_one_per_thread(members.concept):
            continue
        names = {cls.name for cls in members.judged}
        by_class: dict[str, list[Spread]] = defaultdict(list)
        for (name, _, _), records in sorted(_by_instance(case, members.concept, names).items()):
            spread = _spread(records)
            if spread is not None:
                by_class[name].append(spread)
        for name, spreads in sorted(by_class.items()):
            yield _finding(members.concept, name, sorted(spreads, key=_rank))


def _by_instance(
    case: Case, concept: Concept, names: set[str]
) -> Mapping[tuple[str, str, str], list[ThreadRecord]]:
    found: dict[tuple[str, str, str], list[ThreadRecord]] = defaultdict(list)
    judged = {name for name in names if not may_be_shared(concept, name)}
    for _, record in case.recording.of(ThreadRecord):
        if record.cls in judged and record.concept == concept.name and record.user:
            found[record.cls, record.instance, record.user].append(record)
    return found


def _spread(records: Sequence[ThreadRecord]) -> Spread | None:
    """Return what was seen of an instance and a user, None where that is no finding."""
    ordered = sorted(records, key=lambda record: (record.time, record))
    at_once = [record for record in ordered if record.beside]
    own = [record for record in ordered if not record.is_job]
    used = {record.number for record in own if record.outcome == "used"}
    handed = {record.number for record in own if record.outcome != "used"}
    is_passed_on = len(used) <= 1 and len(handed) <= 1
    if not at_once and (is_passed_on or len(used | handed) < 2):
        return None
    counted = ordered if at_once else own
    first: dict[int, ThreadRecord] = {}
    for record in sorted(counted, key=lambda record: (not record.beside, record.time, record)):
        first.setdefault(record.number, record)
    uses = tuple(sorted(first.values(), key=lambda record: (record.time, record)))
    return Spread(records[0].instance, records[0].user, uses, bool(at_once))


def _rank(spread: Spread) -> tuple[bool, int, str, str]:
    return not spread.is_at_once, -len(spread.uses), spread.instance, spread.user


def _finding(concept: Concept, name: str, spreads: Sequence[Spread]) -> Finding:
    most = max(len(spread.uses) for spread in spreads)
    instances = len({spread.instance for spread in spreads})
    at_once = any(spread.is_at_once for spread in spreads)
    if instances == 1:
        message = f"One instance was used from {number(most, 'thread')} for one user."
    else:
        message = f"{instances} instances were used from several threads, the worst from {most}."
    if at_once:
        message += " Several threads were in it at the same time."
    return RULE.finding(
        name,
        message,
        [
            line
            for position, spread in enumerate(spreads[:MOST_INSTANCES])
            for line in (*_heading(position, spread, len(spreads)), *_lines(spread))
        ],
        concept=concept,
        count=instances,
        users=len({spread.user for spread in spreads}),
    )


def _heading(position: int, spread: Spread, count: int) -> list[Evidence]:
    if count == 1:
        return []
    return [Evidence(f"instance {position + 1} of {count}, {number(len(spread.uses), 'thread')}:")]


def _lines(spread: Spread) -> Iterator[Evidence]:
    for record in spread.uses[:MOST_THREADS]:
        how = "used, by a call of" if record.outcome == "used" else "handed out by"
        beside = f" while thread {record.beside} was in it" if record.beside else ""
        what = f"{how} {record.maker} in thread {record.number}{beside}"
        yield Evidence(what, record.site.file, record.site.line, record.thread, record.task, record.user)
    if len(spread.uses) > MOST_THREADS:
        yield Evidence(f"and {number(len(spread.uses) - MOST_THREADS, 'more thread')}")
