"""Groups the classes of a program into concepts: by role words, by a base class, by the names of methods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ssot_probe.analysis.inference.comparison import Comparison
from ssot_probe.analysis.inference.facts import ClassFacts, Facts
from ssot_probe.analysis.inference.families import common_base, with_families
from ssot_probe.analysis.inference.group_names import named
from ssot_probe.analysis.inference.groups import Aside, Draft, Group
from ssot_probe.analysis.inference.role_names import is_named_base, plain_name, role_key
from ssot_probe.analysis.inference.twins import without_twins
from ssot_probe.analysis.membership import NO_IMPLEMENTATION, TEST_DOUBLE
from ssot_probe.analysis.wording import listing
from ssot_probe.model.names import last_part, split

DATA_BASES = frozenset({"BaseModel", "DeclarativeBase", "NamedTuple", "SQLModel", "TypedDict"})
"""Base classes of what holds data and does nothing."""


def group(facts: Facts) -> tuple[Group, ...]:
    """Return the groups; a class is in one of them at most."""
    candidates = _candidates(facts)
    compare = Comparison(facts, candidates)
    drafts = [without_twins(draft) for draft in _by_role(candidates, compare)]
    drafts = with_families(drafts, facts, candidates)
    drafts = [draft._replace(base=common_base(draft.members, facts)) for draft in drafts]
    drafts = [part for draft in drafts for part in _versions_apart(draft, compare)]
    drafts = _joined_by_methods(drafts, candidates, compare)
    return tuple(_with_similar(found, candidates) for found in named(drafts, facts))


def _candidates(facts: Facts) -> Mapping[str, ClassFacts]:
    """Return the classes that could be members: concrete, at the top of a module, and more than data."""
    inherited = {base for known in facts.classes.values() for base in known.cls.bases if base != known.name}
    found = {}
    for name, known in facts.classes.items():
        is_nested = "." in split(name)[1]
        is_data = any(last_part(base) in DATA_BASES for base in known.cls.bases)
        is_base = name in inherited and is_named_base(name)
        is_apart = bool({*NO_IMPLEMENTATION, TEST_DOUBLE} & {*known.cls.traits})
        if not (is_nested or is_data or is_base or is_apart):
            found[name] = known
    return found


def _by_role(candidates: Mapping[str, ClassFacts], compare: Comparison) -> Iterator[Draft]:
    by_key: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in sorted(candidates):
        key = role_key(name)
        if key:
            by_key[key].append(name)
    for key, names in sorted(by_key.items()):
        rest = names
        while rest:
            part, rest = _connected(rest[0], rest[1:], key, compare)
            yield Draft(key, frozenset(part))


def _connected(
    first: str, others: Sequence[str], key: tuple[str, ...], compare: Comparison
) -> tuple[list[str], list[str]]:
    part, rest = [first], list(others)
    for name in part:  # it grows while it is walked
        near = [other for other in rest if compare.is_one_concept(name, other, key)]
        part += near
        rest = [other for other in rest if other not in near]
    return part, rest


def _versions_apart(draft: Draft, compare: Comparison) -> Iterator[Draft]:
    """Take versions of one thing out of alternatives: two PromptManagers from among those of five vendors."""
    versions: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for name in draft.members:
        versions[plain_name(name)].add(name)
    rest = draft.members
    for name_words, names in sorted(versions.items()):
        if draft.base or len(versions) == 1 or len(names) == 1:
            continue
        first, *others = sorted(names)
        part, _ = _connected(first, others, name_words, compare)
        if len(part) > 1:
            rest -= {*part}
            yield Draft(name_words, frozenset(part), aside=draft.aside)
    if rest:
        yield draft._replace(members=rest)


def _joined_by_methods(
    drafts: Sequence[Draft], candidates: Mapping[str, ClassFacts], compare: Comparison
) -> list[Draft]:
    """Let classes of another name join a concept when they have its rare methods."""
    home = {name: index for index, draft in enumerate(drafts) for name in draft.members}
    # What implements a base class says so itself: nobody else belongs to it.
    open_to = {name: index for name, index in home.items() if not drafts[index].base}
    apart = {name for draft in drafts for name, _ in draft.aside}
    found = list(drafts)
    for name in sorted(candidates.keys() - apart):
        own = home.get(name)
        if own is not None and len(found[own].members) > 1:
            continue
        best = compare.most_alike(name, open_to)
        if best is None:
            continue
        target = home[best]
        reason = Aside(name, f"has {listing(compare.methods(name, best).shared, 3)} like {best}")
        if own is not None:
            found[own] = found[own]._replace(members=frozenset())
        joined = (*found[target].joined, reason)
        found[target] = found[target]._replace(members=found[target].members | {name}, joined=joined)
        home[name] = open_to[name] = target
    return [draft for draft in found if draft.members]


def _with_similar(found: Group, candidates: Mapping[str, ClassFacts]) -> Group:
    """Mention classes with a word more: the WebSocketConnectionManager beside the WebSocketManagers."""
    shared = plain_name(found.members[0])
    if len(found.members) < 2 or len(shared) < 3 or any(plain_name(name) != shared for name in found.members):
        return found
    named = {*found.members, *(name for name, _ in found.aside)}
    similar = [name for name in sorted(candidates.keys() - named) if _contains(plain_name(name), shared)]
    reason = "though its name is similar"
    return found._replace(aside=(*found.aside, *(Aside(name, reason) for name in similar)))


def _contains(name_words: Sequence[str], shared: Sequence[str]) -> bool:
    """Are the shared words in the name, in their order, and the last of them at its end?"""
    rest = iter(name_words)
    return name_words[-1:] == shared[-1:] and all(word in rest for word in shared)
