"""SSOT206: instances outlive their users' work, and only grow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.leaks import FEWEST_ORPHANS, FEWEST_USERS, is_leak
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import HolderRecord, PopulationRecord

_SHORTEST = 100_000_000  # nanoseconds that are told as such

RULE = Rule(
    code="SSOT206",
    name="instance-leak",
    severity=Severity.WARNING,
    claim="Instances outlive the work of their users, and become ever more.",
    proof=f"At least {FEWEST_ORPHANS} instances of one maker, of {FEWEST_USERS} users or more whose work is "
    "over: their `bind_user()` block, job, request, task or thread has ended, or others came and they were "
    "not seen again. They are there after a full garbage collection, held by a module or task. How many were "
    "made and released, how old they are, and the path that holds one of them.",
    silent='Concepts with `isolation = "process"`; types in `shared_ok`; caches that have released some, or '
    "that say how many entries they may have and keep to it; users who are still at work; what only local "
    "variables hold; fewer instances.",
    fix="Release the instance where its user's work ends: remove it from the registry, timer or list of "
    "callbacks in a `finally`; or hold it weakly (`WeakValueDictionary`), or in a cache with a bound.",
    example='isolation = "process"',
)


class Leak(NamedTuple):
    """What one maker in one process leaves behind, as counted last."""

    process: str
    record: PopulationRecord


def check(case: Case) -> Iterator[Finding]:
    """Judge the last count of each maker in each process."""
    paths = {holder.instance: holder.path for _, holder in case.recording.of(HolderRecord)}
    newest: dict[tuple[str, str, str, str], PopulationRecord] = {}
    for process, record in case.recording.of(PopulationRecord):
        key = (process, record.concept, record.cls, record.maker)
        if key not in newest or (newest[key].time, newest[key]) < (record.time, record):
            newest[key] = record
    concepts = {members.concept.name: members.concept for members in case.concepts}
    leaks: dict[tuple[str, str], list[Leak]] = defaultdict(list)
    for (process, name, cls, _), record in newest.items():
        concept = concepts.get(name)
        if concept is None or concept.isolation == "process" or cls in concept.shared_ok:
            continue
        if is_leak(record):
            leaks[name, cls].append(Leak(process, record))
    for (name, cls), found in sorted(leaks.items()):
        yield _finding(concepts[name], cls, sorted(found, key=_rank), paths)


def _rank(leak: Leak) -> tuple[int, Leak]:
    return -leak.record.orphans, leak


def _finding(concept: Concept, cls: str, leaks: Sequence[Leak], paths: dict[str, tuple[str, ...]]) -> Finding:
    orphans = sum(leak.record.orphans for leak in leaks)
    made = sum(leak.record.made for leak in leaks)
    released = sum(leak.record.gone for leak in leaks)
    were = "none was released" if not released else f"{released} of {made} were released"
    return RULE.finding(
        cls,
        f"{orphans} instances outlived the work of their users; {were} while this was recorded.",
        [line for leak in leaks for line in _lines(leak.record, paths.get(leak.record.instance, ()))],
        concept=concept,
        count=orphans,
        users=sum(leak.record.orphan_users for leak in leaks),
        settle='isolation = "process" where they may stay,',
    )


def _lines(record: PopulationRecord, path: tuple[str, ...]) -> Iterator[Evidence]:
    site = record.site
    yield Evidence(
        f"{record.maker} made {record.made}, of which {record.gone} were released and {record.alive} are "
        f"alive; {record.orphans} of these had {number(record.orphan_users, 'user')} whose work is over",
        site.file,
        site.line,
    )
    half = f"half of these have been without work for {_seconds(record.median)} or longer, the oldest for "
    yield Evidence(
        (half if record.median >= _SHORTEST else "the oldest of these has been without work for ")
        + _seconds(record.oldest)
    )
    if path:
        yield Evidence(f"kept alive by {' -> '.join(path)}")


def _seconds(nanoseconds: int) -> str:
    seconds = nanoseconds / 1e9
    if seconds >= 120:
        return f"{seconds / 60:.0f} minutes"
    if nanoseconds < _SHORTEST:
        return "under 0.1 s"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
