"""The policy that an inference proposes, with the reasons for every line of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ssot_probe.analysis.inference.canonical import Canonical, choose_canonical
from ssot_probe.analysis.inference.factories import Factories, choose_factories
from ssot_probe.analysis.inference.facts import Facts, collect
from ssot_probe.analysis.inference.grouping import group
from ssot_probe.analysis.inference.groups import Group
from ssot_probe.analysis.inference.legacy import LegacyPath, legacy_paths
from ssot_probe.analysis.inference.role_names import shared_ending
from ssot_probe.analysis.inference.users import UserProposal, users
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.wording import number
from ssot_probe.model.concepts import ROLES, plays
from ssot_probe.model.names import split
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import ImportRecord, Site

MOST_CONCEPTS = 12
"""More than these nobody reads; the rest are named."""

PROCESS_WIDE = frozenset({"Database", "Pool", "Registry"})
"""Roles whose instances serve everybody, as a rule."""


class ConceptProposal(NamedTuple):
    """A concept that is worth watching."""

    group: Group
    patterns: tuple[str, ...]  # that mean its classes and no others
    canonical: Canonical
    factories: Factories
    legacy: tuple[LegacyPath, ...]
    paths: tuple[tuple[str, int], ...]  # along which the most fragmented class is imported, with files
    made_at_import: Site | None
    is_process_wide: bool
    reasons: tuple[str, ...]  # why it is worth watching
    score: float

    @property
    def max_classes(self) -> int:
        """How many classes it has by design."""
        return len(self.canonical.standings) if self.group.is_alternatives else 1


class Figures(NamedTuple):
    """How much was looked at."""

    modules: int
    classes: int
    imports: int


class Proposal(NamedTuple):
    """A starting policy."""

    packages: tuple[str, ...]
    users: tuple[UserProposal, ...]
    concepts: tuple[ConceptProposal, ...]  # the most worth watching first
    rest: tuple[ConceptProposal, ...]  # worth it too, and too many for one file
    deprecated: tuple[tuple[str, int], ...]  # modules that warn when they are imported, with importing files
    figures: Figures


def propose(recording: Recording, context_variables: Iterable[str] = ()) -> Proposal:
    """Infer a policy from the records of a source tree or of a recording.

    Args:
        recording: what was read.
        context_variables: qualified names of the ContextVars at the top of modules, where they are known.
    """
    facts = collect(recording)
    found = [_concept(facts, each) for each in group(facts)]
    ranked = sorted(
        (concept for concept in found if concept.reasons),
        key=lambda concept: (-concept.score, concept.group.name),
    )
    return Proposal(
        facts.packages,
        users(facts, context_variables),
        tuple(ranked[:MOST_CONCEPTS]),
        tuple(ranked[MOST_CONCEPTS:]),
        tuple((module, len(facts.importers.get(module, ()))) for module in sorted(facts.deprecated)),
        Figures(len(facts.modules), len(facts.classes), len(recording.of(ImportRecord))),
    )


def _concept(facts: Facts, found: Group) -> ConceptProposal:
    canonical = choose_canonical(facts, found)
    factories = choose_factories(facts, found, canonical, facts.deprecated)
    legacy = legacy_paths(facts, found, canonical)
    paths = _paths(facts, found)
    sites = [facts.classes[name].made_at_import for name in found.members]
    made_at_import = min((site for site in sites if site is not None), default=None)
    reasons, score = _worth(facts, found, canonical, factories, legacy, paths, made_at_import)
    role = found.name.rpartition("-")[2].capitalize()
    return ConceptProposal(
        found,
        _patterns(facts, found),
        canonical,
        factories,
        legacy,
        paths,
        made_at_import,
        role in PROCESS_WIDE,
        reasons,
        score,
    )


def _paths(facts: Facts, found: Group) -> tuple[tuple[str, int], ...]:
    fragmented = max(
        (facts.classes[name].paths for name in found.members), key=lambda paths: (len(paths), sorted(paths))
    )
    ranked = sorted(fragmented.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((path, len(files)) for path, files in ranked)


def _worth(
    facts: Facts,
    found: Group,
    canonical: Canonical,
    factories: Factories,
    legacy: Sequence[LegacyPath],
    paths: Sequence[tuple[str, int]],
    made_at_import: Site | None,
) -> tuple[tuple[str, ...], float]:
    """Return what makes a concept worth watching, and how much; a lonely, well-kept class is not."""
    reasons: list[str] = []
    score = 0.0
    classes = len(canonical.standings)
    used = sum(standing.files + standing.places for standing in canonical.standings)
    if classes > 1 and (used or not found.is_alternatives):
        reasons.append(number(classes, "alternative" if found.is_alternatives else "class"))
        score += 1 if found.is_alternatives else min(2.0 * classes, 8)
    if any(path.is_certain for path in legacy):
        reasons.append("a legacy path")
        score += 3
    makers = {*factories.chosen, *(maker.name for maker in factories.others)}
    if factories.independent > 1:
        reasons.append(number(factories.independent, "factory"))
        score += 1 if found.is_alternatives else 2
    if len(paths) > 1:
        reasons.append(number(len(paths), "import path"))
        score += 1
    if made_at_import is not None and (reasons or _does_something(facts, found.members[0])):
        reasons.append("an instance made at import")
        score += 1
    if factories.independent == 1 and not reasons and any("." not in split(maker)[1] for maker in makers):
        reasons.append("a factory to keep to")
        score += 0.25
    return tuple(reasons), score + min(used, 20) / 20


def _does_something(facts: Facts, name: str) -> bool:
    """Has the class methods of its own, rather than lending itself to a library?"""
    known = facts.classes[name]
    is_foreign = any(
        base not in facts.classes and split(base)[0] not in ("abc", "builtins", "typing")
        for base in known.cls.bases
    )
    are_known = any(other.methods for other in facts.classes.values())
    return not is_foreign and (len(known.methods) > 1 or not are_known)


def _patterns(facts: Facts, found: Group) -> tuple[str, ...]:
    """Return one glob on the class name where it means the members and no other class, else their names."""
    shared = shared_ending([*found.members])
    if len(shared) > 1 and shared[-1] in ROLES:
        ending = "".join(shared)
        glob = f"*{ending}"
        probe = Concept("", (glob,))
        apart = {name for name, _ in found.aside}
        meant = {
            name
            for name, known in facts.classes.items()
            if name.endswith(ending) and plays(probe, name) and (name in apart or not known.cls.traits)
        }
        if meant == {*found.members}:
            return (glob,)
    return found.members
