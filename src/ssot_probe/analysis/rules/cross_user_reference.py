"""SSOT303: an object that can change is reachable from the instances of two users."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import SharedObjectRecord
from ssot_probe.model.sharing import place_of, reference_severity

RULE = Rule(
    code="SSOT303",
    name="cross-user-reference",
    severity=Severity.ERROR,
    claim="An object that can change is reachable from the instances of two users, and a user's data is in "
    "it, or it is of a type that nobody may share; or a module holds the data of users for everybody.",
    proof="A look through the references of the running process: the shortest path that was found from an "
    "instance of each user, or from a module; the object's type, and whose data it holds, users as keyed "
    "hashes. Where nobody's data is known to be in it, that it changed between two looks: a warning.",
    silent="Modules, classes, functions, immutable objects, locks, loggers, event loops, executors, "
    "settings, weak references, what is in `shared_ok`; registries and caches in which every entry says "
    "whose it is; pools and clients of libraries; what nobody changed. These are listed as looked at.",
    fix="Give each user an object of their own: `None` as the default and a new list in the body, a copy "
    "that goes all the way down, the user in the cache's key. Where users may share it, name its type in "
    "`shared_ok`.",
    example='shared_ok = ["chat.ws.limits:RateTable"]',
)

MOST_PATHS = 4


_SAID = {
    "mixed": "it holds data of {data}, so that each can come by the other's",
    "contaminated": "it holds data of {data}, which the others can come by",
    "never-share": "only one at a time may use such an object",
    "handed-over": "it was one's before it was the other's, and still holds the first one's data",
    "mutated": "it has changed between two looks, and nothing in it says whose data it holds",
    "root": "it is one user's own, and another user's instance leads to it",
}
"""What each verdict means, after `2 users share one list:`."""

_EXPOSED = "where everybody's code can come by it"
_WORST = tuple(_SAID)


class _Judged(NamedTuple):
    """A shared object with what the policy says of it."""

    process: str
    record: SharedObjectRecord
    concept: Concept | None  # None where several concepts have instances that lead to it
    severity: Severity

    @property
    def rank(self) -> tuple[object, ...]:
        """Sorts the worst to the front."""
        record = self.record
        return -self.severity, _WORST.index(record.verdict), -record.user_count, self.process, record


def check(case: Case) -> Iterator[Finding]:
    """Look for shared objects that users may not share, grouped by where they hang."""
    groups: dict[tuple[str, str], list[_Judged]] = defaultdict(list)
    claims = _claims(case)
    for process, record in case.recording.of(SharedObjectRecord):
        concepts = _concepts(case, claims, record)
        severity = reference_severity(concepts, record.type, record.verdict)
        if severity is not None:
            apart = [concept for concept in concepts if concept.isolation != "process"]
            concept = apart[0] if record.classes or len(apart) == 1 else None
            judged = _Judged(process, record, concept, severity)
            name = "" if concept is None else concept.name
            groups[name, place_of(record.paths, record.holder)].append(judged)
    told = [each.record for found in groups.values() for each in found]
    explained = {record.holder for record in told if record.paths}
    held = {record.holder for record in told if not record.paths}
    for (_, subject), found in sorted(groups.items(), key=lambda group: group[0]):
        if any(each.record.paths or _is_news(each.record.holder, held, explained) for each in found):
            yield _finding(case, subject, sorted(found, key=lambda judged: judged.rank))


def _is_news(holder: str, held: Iterable[str], explained: Iterable[str]) -> bool:
    """Is what a module holds not told of already, with what it is part of or with who leads to it?"""
    is_part = any(_is_below(holder, other) for other in held)
    is_known = any(holder == path or _is_below(holder, path) or _is_below(path, holder) for path in explained)
    return not (is_part or is_known)


def _is_below(path: str, other: str) -> bool:
    return bool(other) and path.startswith(other) and path[len(other) : len(other) + 1] in (".", "[", "(")


def _claims(case: Case) -> Mapping[str, list[Concept]]:
    """Return for each class by name the concepts that judge it."""
    claims: dict[str, list[Concept]] = defaultdict(list)
    for members in case.concepts:
        for name in sorted({cls.name for cls in members.judged}):
            claims[name].append(members.concept)
    return claims


def _concepts(
    case: Case, claims: Mapping[str, Sequence[Concept]], record: SharedObjectRecord
) -> list[Concept]:
    """Return the concepts whose instances lead to the object; where none does, those of all users."""
    found: dict[Concept, None] = {}
    for name in record.classes:
        claiming = claims.get(name, ())
        named = [concept for concept in claiming if concept.name in record.concepts]
        found.update(dict.fromkeys((named or claiming)[:1]))
    if record.classes:
        return list(found)
    judging = [members.concept for members in case.concepts if members.judged]
    return [concept for concept in judging if concept.name in record.concepts] or judging


def _finding(case: Case, subject: str, found: Sequence[_Judged]) -> Finding:
    process, record, concept, severity = found[0]
    users = max(judged.record.user_count for judged in found)
    if record.paths:
        message = f"{number(users, 'user')} share one {_type(record)}: {_said(record)}."
    else:
        message = (
            f"A module keeps data of {number(record.data_of, 'user')} in one {_type(record)}, {_EXPOSED}."
        )
    return RULE.finding(
        subject,
        message,
        list(_lines(case, process, record)),
        concept=concept,
        severity=severity,
        count=len({(judged.process, judged.record.paths, judged.record.holder) for judged in found}),
        users=max(users, max(judged.record.data_of for judged in found)),
        settle='shared_ok where users may share it, or isolation = "user" where they may not,',
    )


def _said(record: SharedObjectRecord) -> str:
    if record.data_of > record.user_count:
        data = number(record.data_of, "user")
    else:
        data = "all of them" if 1 < record.data_of == record.user_count else f"{record.data_of} of them"
    return _SAID[record.verdict].format(data=data)


def _type(record: SharedObjectRecord) -> str:
    return record.type.removeprefix("builtins:")


def _lines(case: Case, process: str, record: SharedObjectRecord) -> Iterator[Evidence]:
    for path, user in list(zip(record.paths, record.users))[:MOST_PATHS]:
        yield _at_class(case, process, path)._replace(user=user)
    for user in record.users[len(record.paths) :][:MOST_PATHS]:
        yield Evidence("data of this user is in it", user=user)
    more = record.user_count - min(len(record.paths), MOST_PATHS)
    if more > 0 and record.paths:
        yield Evidence(f"and {number(more, 'more user')}")
    if record.holder:
        yield Evidence(f"kept alive by {record.holder}" if record.paths else f"in {record.holder}")
    below = f", {number(record.objects, 'object')} with what is in it" if record.objects > 1 else ""
    data = (
        f"data of {number(record.data_of, 'user')}" if record.data_of else "no user's data known to be in it"
    )
    at = f", the nearest at {record.data_at}" if record.data_at else ""
    yield Evidence(f"{record.type}{below}, {data}{at}")


def _at_class(case: Case, process: str, path: str) -> Evidence:
    """Return the path, with the place of the class whose instance it begins at."""
    name = next((cls.name for cls in case.recording.classes if _begins_at(path, cls.name)), "")
    cls = case.recording.class_of(process, name, 0) if name else None
    return Evidence(path) if cls is None else Evidence(path, cls.file, cls.line)


def _begins_at(path: str, name: str) -> bool:
    return path.startswith(name) and not (path[len(name) : len(name) + 1].isidentifier())
