"""SSOT906: a name in the policy matched nothing that loaded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.known_names import (
    KnownNames,
    has_factory,
    has_home,
    has_module,
    has_type,
    known_names,
    nearest,
)
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.rule import Rule
from ssot_probe.model.concepts import matches
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.names import last_part, split
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import PoolRecord

RULE = Rule(
    code="SSOT906",
    name="unmatched-policy",
    severity=Severity.WARNING,
    claim="The policy names something that matched nothing that was loaded, so nothing is judged by it.",
    proof="All modules, classes and factories that the recorded processes told of; the nearest of these "
    "names.",
    silent="Legacy paths that were never loaded: that is the aim. A note where not even the package around "
    "one was loaded, because then its name is probably wrong. Names in packages that were not watched. Types "
    "in `shared_ok` whose module was loaded: only classes of concepts are recorded.",
    fix="Correct the name, or delete the line when the thing is gone. Where only some processes load it, "
    "record those too.",
)

WILDCARDS = str.maketrans("", "", "*?[]!")


class Unmatched(NamedTuple):
    """A name that matched nothing."""

    key: str  # of the policy
    name: str  # as written
    near: str  # what may have been meant
    severity: Severity = RULE.severity
    concept: Concept | None = None


def check(case: Case) -> Iterator[Finding]:
    """Look for every name of the policy in the recording."""
    known = known_names(case.recording, case.policy.packages)
    found: dict[tuple[str, str], list[Unmatched]] = defaultdict(list)
    for unmatched in _all(case, known):
        concept = unmatched.concept.name if unmatched.concept else ""
        found[concept, unmatched.name].append(unmatched)
    for (_, name), same in sorted(found.items(), key=lambda item: item[0]):
        yield _finding(name, same)


def _finding(name: str, same: Sequence[Unmatched]) -> Finding:
    keys = " and ".join(f"`{unmatched.key}`" for unmatched in same)
    near = next((f"; nearest seen: {unmatched.near}" for unmatched in same if unmatched.near), "")
    return RULE.finding(
        name,
        f"The policy says {name} in {keys}, and nothing of that name was seen{near}.",
        [Evidence(f"{unmatched.key}: {unmatched.name}") for unmatched in same],
        concept=same[0].concept,
        severity=max(unmatched.severity for unmatched in same),
    )


def _all(case: Case, known: KnownNames) -> Iterator[Unmatched]:
    for package in case.policy.packages:
        if not has_module(known, package):
            yield Unmatched("packages", package, nearest(package, known.modules))
    for source in case.policy.user:
        if source.kind in ("contextvar", "call") and not has_home(known, source.target):
            yield Unmatched(
                f"user.{source.kind}", source.target, nearest(split(source.target)[0], known.modules)
            )
    listened = {record.acquire for _, record in case.recording.of(PoolRecord)}
    for pool in case.policy.pools:
        if pool.acquire not in listened:
            yield Unmatched("pool.acquire", pool.acquire, "")
    for name, state in case.worth.attribution.sources:
        if state == "missing":
            kind, _, target = name.partition(" = ")
            yield Unmatched(f"user.{kind}", target.strip("'"), "")
    for members in case.concepts:
        if members.concept.declared:
            yield from _of_concept(members, case, known)


def _of_concept(members: Members, case: Case, known: KnownNames) -> Iterator[Unmatched]:
    concept = members.concept
    for pattern in concept.classes:
        if not any(matches(pattern, cls.name) for cls in case.recording.classes):
            yield Unmatched("classes", pattern, _nearest_class(pattern, known), concept=concept)
    if concept.canonical and not members.canonical and not _was_fetched(concept.canonical, case):
        yield Unmatched(
            "canonical", concept.canonical, nearest(concept.canonical, known.classes), concept=concept
        )
    for factory in concept.factories:
        if not has_factory(known, factory):
            yield Unmatched("factories", factory, nearest(factory, known.factories), concept=concept)
    for name in concept.shared_ok:
        if not has_type(known, name):
            yield Unmatched("shared_ok", name, nearest(name, known.classes), concept=concept)
    for entry in concept.legacy:
        package = split(entry)[0].rpartition(".")[0]
        if package and not has_module(known, package):
            near = nearest(split(entry)[0], known.modules)
            yield Unmatched("legacy", entry, near, Severity.NOTE, concept)


def _was_fetched(path: str, case: Case) -> bool:
    """Did somebody import the path? What a lazy module answered is not always known."""
    return any(str(fetch.path) == path for fetch in case.recording.fetches)


def _nearest_class(pattern: str, known: KnownNames) -> str:
    word = pattern.translate(WILDCARDS)
    if ":" in pattern:
        return nearest(word, known.classes)
    return nearest(word, {last_part(name) for name in known.classes})
