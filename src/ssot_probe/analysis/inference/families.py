"""Finds the implementations of one base class of the tree, whatever they are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from ssot_probe.analysis.inference.comparison import MOST_IMPLEMENTATIONS
from ssot_probe.analysis.inference.facts import ClassFacts, Facts
from ssot_probe.analysis.inference.groups import Draft
from ssot_probe.analysis.inference.role_names import GENERIC, ONE_OF_MANY, PLAYED
from ssot_probe.model.concepts import role_words


class Family(NamedTuple):
    """The implementations of a base class."""

    base: str
    words: tuple[str, ...]  # of the base class, without those that say that it is one
    members: frozenset[str]


def with_families(drafts: Sequence[Draft], facts: Facts, candidates: Mapping[str, ClassFacts]) -> list[Draft]:
    """Make one draft of each family, with the drafts that lie in it for the most part."""
    found = list(drafts)
    apart = {name for draft in drafts for name, _ in draft.aside}
    taken: set[str] = set()
    for family in _families(facts, candidates):
        members = family.members - apart
        if len(members) < 2 or members & taken:
            continue
        taken |= members
        inside = [draft for draft in found if draft.members & members]
        if len(inside) == 1 and members <= inside[0].members:
            continue
        whole = [draft for draft in inside if 2 * len(draft.members & members) >= len(draft.members)]
        others = frozenset(name for draft in whole for name in draft.members)
        aside = tuple(entry for draft in whole for entry in draft.aside)
        rest = [draft._replace(members=draft.members - members) for draft in found if draft not in whole]
        found = [*rest, Draft(family.words, members | others, aside=aside)]
    return [draft for draft in found if draft.members]


def common_base(members: Collection[str], facts: Facts) -> str:
    """Return the nearest class of the tree that all members inherit, "" when there is none."""
    if len(members) < 2:
        return ""
    first, *others = (facts.classes[name].cls for name in sorted(members))
    for base in first.bases:
        is_common = all(base in other.bases for other in others)
        if is_common and base in facts.classes and base not in members:
            return base
    return ""


def _families(facts: Facts, candidates: Mapping[str, ClassFacts]) -> list[Family]:
    """Return the families that say enough, the largest first."""
    heirs: dict[str, set[str]] = defaultdict(set)
    for name, known in candidates.items():
        for base in known.cls.bases:
            if base in facts.classes and base != name:
                heirs[base].add(name)
    found = [family for base, names in heirs.items() for family in _family(facts, base, names)]
    return sorted(found, key=lambda family: (-len(family.members), family.base))


def _family(facts: Facts, base: str, heirs: set[str]) -> Iterator[Family]:
    cls = facts.classes[base].cls
    all_words = role_words(cls.own_name)
    words = tuple(word for word in all_words if word not in GENERIC)
    is_meant = words != all_words or bool({"abstract", "protocol"} & {*cls.traits})
    plays = bool(words) and words[-1] in PLAYED and (len(words) > 1 or words[0] not in ONE_OF_MANY)
    if not is_meant or not plays or not 2 <= len(heirs) <= MOST_IMPLEMENTATIONS:
        return
    own_names = {known.cls.own_name for known in facts.classes.values()}
    about = [name for name in heirs if _subject(facts.classes[name].cls.own_name, words) in own_names]
    if 2 * len(about) < len(heirs):
        yield Family(base, words, frozenset(heirs))


def _subject(own_name: str, words: tuple[str, ...]) -> str:
    """Return what an implementation may be about: the Ticket of a TicketStore among stores."""
    parts = role_words(own_name)
    end = len(parts) - len(words)
    return "".join(parts[:end] if parts[end:] == words else parts[:-1])
