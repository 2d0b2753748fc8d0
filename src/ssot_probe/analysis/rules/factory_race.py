"""SSOT205: overlapping calls of a factory with one key gave out two instances, of which it keeps one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import times
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import NOWHERE, MakeRecord, RaceRecord, Site

RULE = Rule(
    code="SSOT205",
    name="factory-race",
    severity=Severity.ERROR,
    claim="Calls of one factory for one user, or of one that makes a single instance for all, ran at the "
    "same time and gave out two instances, although the factory keeps one to hand out again: one of the two "
    "callers works with an instance that nobody else will find.",
    proof="For both calls when they began and ended, the thread or task, and the instance that was given "
    "out; which of the two the factory keeps, and in what variable, attribute or cache, that its code also "
    "looks into before it makes a new one.",
    silent="A factory that makes one for each call and keeps none, or keeps all; calls that follow each "
    "other, as when an instance was released or an attempt failed; a second instance that was thrown away "
    "before it was given out, as with `dict.setdefault`; a factory that takes a lock; calls for different "
    'users, or for which no user was known where the concept is not `isolation = "process"`; requests that '
    'overlap where it is `"request"`.',
    fix="Make the look and the making one step: hold a lock from before the look until the instance is kept "
    "(an `asyncio.Lock` where it awaits in between), or keep it with `dict.setdefault` and give out what "
    "that returns.",
)

MOST_RACES = 3


def check(case: Case) -> Iterator[Finding]:
    """Look for the races that each factory of a concept has lost."""
    definitions = _definitions(case)
    for members in case.concepts:
        names = {cls.name for cls in members.judged}
        by_maker: dict[str, list[RaceRecord]] = defaultdict(list)
        for _, record in case.recording.of(RaceRecord):
            if record.cls in names and record.concept == members.concept.name:
                by_maker[record.maker].append(record)
        for maker, records in sorted(by_maker.items()):
            yield _finding(members.concept, maker, records, definitions.get(maker, NOWHERE))


def _definitions(case: Case) -> dict[str, Site]:
    return {record.maker: record.definition for _, record in case.recording.of(MakeRecord)}


def _finding(concept: Concept, maker: str, records: Sequence[RaceRecord], definition: Site) -> Finding:
    ordered = sorted(records, key=lambda record: (record.entered, record))
    count = sum(record.count for record in ordered)
    users = {record.user for record in ordered if record.user}
    what = "one user" if users else "the whole process"
    lines = [Evidence(f"{maker} keeps one instance in {ordered[0].slot}", definition.file, definition.line)]
    replaced: dict[str, int] = {}
    for record in ordered:
        for instance in record.instances:
            if instance != record.kept:
                replaced[instance] = max(replaced.get(instance, 0), _end(record))
    for record in ordered[:MOST_RACES]:
        lines += _lines(record, replaced)
    return RULE.finding(
        maker,
        f"Overlapping calls gave out two instances for {what}, {times(count)}, and one of them is kept.",
        lines,
        concept=concept,
        count=count,
        users=len(users),
        settle='isolation = "process" or "user"',
    )


def _lines(record: RaceRecord, replaced: Mapping[str, int]) -> Iterator[Evidence]:
    """Tell of two calls as on a time line that begins with the first.

    Args:
        record: the two calls.
        replaced: when an instance was last found not to be the one that is kept.
    """
    begun = (record.entered, record.time)
    calls = zip(begun, record.left, record.instances, record.places, record.threads, record.tasks)
    for entered, left, instance, place, thread, task in calls:
        file, _, line = place.rpartition(":")
        start, end = _ms(entered - record.entered), _ms(_whole(left) - record.entered)
        kept = "is kept" if instance == record.kept else "is not"
        if instance == record.kept and replaced.get(instance, 0) > _end(record):
            kept = "was kept until another took its place"
        yield Evidence(
            f"call from {start} to {end} gave out an instance ({_short(instance)}), which {kept}",
            file,
            _whole(line),
            thread,
            task,
            record.user,
        )


def _end(record: RaceRecord) -> int:
    return max(map(_whole, record.left))


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _short(instance: str) -> str:
    number_in_process = instance.rpartition("-")[2]
    return f"no. {number_in_process}" if number_in_process.isdecimal() else "without a number"


def _ms(nanoseconds: int) -> str:
    return f"+{nanoseconds / 1e6:.1f} ms"
