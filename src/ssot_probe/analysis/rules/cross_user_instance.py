"""SSOT301: one instance served two users or more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.fetches import MODULE_LEVEL
from ssot_probe.analysis.pool_residue import pool_findings
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.names import qualify
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import AccessRecord, HolderRecord, SharingRecord
from ssot_probe.model.sharing import is_cross_user, sharing_severity

RULE = Rule(
    code="SSOT301",
    name="cross-user-instance",
    severity=Severity.ERROR,
    claim="One instance served two users, in a concept whose instances belong to one user each. Or a pool "
    "handed a connection to another user with a reply on it, or still to come, that the first had asked for.",
    proof="Its maker gave this very instance, told apart by a serial and not by its address, to both "
    "users: the places, threads, tasks and hashed users of the first times, and what keeps the instance "
    "alive. Of a pool: where the first gave the connection back, what was in flight, and that nothing was "
    "read, closed or connected anew before the second got it. A warning where bytes came later, or where "
    "only the interruption can be seen.",
    silent='Concepts with `isolation = "process"`, types in `shared_ok`, calls for which no user was '
    "known, and an address that is used again after the first instance was collected. Connections that a "
    "pool hands on clean, closes when their user is cancelled, or gives back to the same user.",
    fix="Let the factory make an instance per user, or look it up by user. Where users may share it, say "
    'so with `isolation = "process"` or `shared_ok`. For a connection: close it whenever its user is '
    "interrupted, before it goes back; redis-py does since 4.5.5.",
    example='isolation = "process"',
)

MOST_INSTANCES = 3
MOST_USERS = 4


class Shared(NamedTuple):
    """An instance, and what is known of who got hold of it."""

    instance: str
    users: int
    accesses: tuple[AccessRecord, ...]  # the first of each user, in order of time
    reached: tuple[SharingRecord, ...]  # what the probe said in the process, in order of time


def check(case: Case) -> Iterator[Finding]:
    """Look for instances that more users got hold of than the concept allows."""
    holders = sorted(
        (record for _, record in case.recording.of(HolderRecord)), key=lambda holder: (holder.time, holder)
    )
    paths = {holder.instance: holder.path for holder in holders}
    for (position, name), instances in sorted(_instances(case).items()):
        concept = case.concepts[position].concept
        shared = [found for found in instances if is_cross_user(concept, name, found.users)]
        if shared:
            yield _finding(concept, name, sorted(shared, key=_rank), paths)
    yield from pool_findings(case.recording, RULE)


def _instances(case: Case) -> Mapping[tuple[int, str], list[Shared]]:
    """Return all instances by concept and class."""
    accesses: dict[str, list[AccessRecord]] = defaultdict(list)
    reached: dict[str, list[SharingRecord]] = defaultdict(list)
    for _, access in case.recording.of(AccessRecord):
        if access.user:
            accesses[access.instance].append(access)
    for _, sharing in case.recording.of(SharingRecord):
        reached[sharing.instance].append(sharing)
    claims = _claims(case)
    found: dict[tuple[int, str], list[Shared]] = defaultdict(list)
    for instance in sorted(accesses.keys() | reached.keys()):
        records: Sequence[AccessRecord | SharingRecord] = [*accesses[instance], *reached[instance]]
        cls = min(record.cls for record in records)
        claiming = claims.get(cls, ())
        named = [place for place in claiming if case.concepts[place].concept.name == records[0].concept]
        for place in (named or claiming)[:1]:
            found[place, cls].append(_shared(instance, accesses[instance], reached[instance]))
    return found


def _claims(case: Case) -> Mapping[str, Sequence[int]]:
    """Return for each class by name the positions of the concepts that judge it."""
    claims: dict[str, list[int]] = defaultdict(list)
    for position, members in enumerate(case.concepts):
        for name in sorted({cls.name for cls in members.judged}):
            claims[name].append(position)
    return claims


def _shared(instance: str, accesses: Iterable[AccessRecord], reached: Iterable[SharingRecord]) -> Shared:
    first: dict[str, AccessRecord] = {}
    for access in sorted(accesses, key=lambda access: (access.time, access)):
        first.setdefault(access.user, access)
    told = tuple(sorted(reached, key=lambda sharing: (sharing.time, sharing)))
    users = {*first, *(user for sharing in told for user in sharing.users)}
    most = max((sharing.user_count for sharing in told), default=0)
    return Shared(instance, max(len(users), most), tuple(first.values()), told)


def _rank(shared: Shared) -> tuple[int, bool, str]:
    return -shared.users, not shared.accesses, shared.instance


def _finding(
    concept: Concept, name: str, shared: Sequence[Shared], paths: Mapping[str, tuple[str, ...]]
) -> Finding:
    users = max(found.users for found in shared)
    evidence = [
        line
        for position, found in enumerate(shared[:MOST_INSTANCES])
        for line in (*_heading(position, found, len(shared)), *_lines(found, paths.get(found.instance, ())))
    ]
    if len(shared) == 1:
        message = f"One instance served {number(users, 'user')}."
    else:
        message = f"{len(shared)} instances served several users each, the worst {number(users, 'user')}."
    return RULE.finding(
        name,
        message,
        evidence,
        concept=concept,
        severity=sharing_severity(concept),
        count=len(shared),
        users=users,
        settle='isolation = "process" where users may share it, or isolation = "user" where they may not,',
    )


def _how(access: AccessRecord) -> str:
    """Return how the user got the instance; the place of a construction is in whoever called for it."""
    if access.outcome == "returned":
        return f"handed out by {access.maker}"
    if access.outcome == "used":
        return f"used, by a call of {access.maker}"
    if not access.site.module:
        return f"constructed by a call of {access.maker}"
    if access.site.function in ("", MODULE_LEVEL):
        return f"constructed by {access.site.module}"
    return f"constructed by {qualify(access.site.module, access.site.function)}"


def _heading(position: int, found: Shared, instances: int) -> list[Evidence]:
    if instances == 1:
        return []
    return [Evidence(f"instance {position + 1} of {instances}, {number(found.users, 'user')}:")]


def _lines(found: Shared, path: tuple[str, ...]) -> Iterator[Evidence]:
    for access in found.accesses[:MOST_USERS]:
        site = access.site
        yield Evidence(_how(access), site.file, site.line, access.thread, access.task, access.user)
    if len(found.accesses) < 2:
        for sharing in found.reached[:MOST_USERS]:
            yield Evidence(
                f"reached user no. {sharing.user_count}, as judged in the process",
                sharing.site.file,
                sharing.site.line,
            )
    shown = min(len(found.accesses), MOST_USERS)
    if len(found.accesses) >= 2 and found.users > shown:
        yield Evidence(f"and {number(found.users - shown, 'more user')}")
    if path:
        yield Evidence(f"kept alive by {' -> '.join(path)}")
