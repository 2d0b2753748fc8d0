"""Which functions make the instances of a concept, and which of them may be called its factories."""

from __future__ import annotations

from typing import NamedTuple

from ssot_probe.analysis.fetches import MODULE_LEVEL
from ssot_probe.analysis.inference.canonical import Canonical
from ssot_probe.analysis.inference.facts import Facts, Maker
from ssot_probe.analysis.inference.groups import Group
from ssot_probe.analysis.inference.legacy_words import legacy_word
from ssot_probe.model.names import split
from ssot_probe.model.records import Site

VERBS = frozenset(
    {
        *("acquire", "aget", "build", "connect", "construct", "create", "ensure", "factory", "from", "get"),
        *("init", "instantiate", "load", "make", "new", "obtain", "open", "provide", "setup", "start"),
    }
)
"""First words of methods that make something; others hand out what their object holds, as properties do."""


class Factories(NamedTuple):
    """The makers of a concept."""

    chosen: tuple[str, ...]  # those of the canonical class
    others: tuple[Maker, ...]  # those of other members, with a legacy word in their names, or that pass it on
    inside: int = 0  # places that construct the canonical class inside a chosen one
    outside: int = 0  # and places that do so elsewhere
    independent: int = 0  # how many of all, chosen or not, construct what they return

    @property
    def is_rule(self) -> bool:
        """Are at least as many places inside as outside, so that the code keeps to its factories?"""
        return bool(self.inside) and self.inside >= self.outside


def choose_factories(
    facts: Facts, group: Group, canonical: Canonical, deprecated: frozenset[str]
) -> Factories:
    """Sort the makers of a group; methods by which a member returns its own kind are none.

    Args:
        facts: of the whole program.
        group: the concept's classes.
        canonical: the class to keep.
        deprecated: modules that are on their way out for sure.
    """
    kept = {name for name in group.members if canonical.cls in (name, *facts.classes[name].cls.bases)}
    makers = [
        maker
        for name in group.members
        for maker in facts.classes[name].makers
        if not _is_own_method(facts, maker) and _makes(maker)
    ]
    independent = [maker for maker in makers if _constructs(facts, maker)] or makers
    chosen = {
        maker.name
        for maker in independent
        if canonical.path and maker.cls in kept and not _is_legacy(maker, deprecated)
    }
    places = {site for name in kept for site in facts.classes[name].constructions}
    inside = {site for site in places if any(_is_inside(site, maker) for maker in chosen)}
    return Factories(
        tuple(sorted(chosen)),
        tuple(sorted(maker for maker in {*makers} if maker.name not in chosen)),
        len(inside),
        len(places - inside),
        len({maker.name for maker in independent}),
    )


def _constructs(facts: Facts, maker: Maker) -> bool:
    """Does it construct what it returns, rather than pass on what another one made?"""
    return any(_is_inside(site, maker.name) for site in facts.classes[maker.cls].constructions)


def _is_inside(site: Site, maker: str) -> bool:
    """Is a place inside a function, or at the top of its module, from where it hands out the instance?"""
    module, qualname = split(maker)
    if site.module != module:
        return False
    return site.function in (qualname, MODULE_LEVEL) or site.function.startswith(qualname + ".")


def _is_own_method(facts: Facts, maker: Maker) -> bool:
    """Is it a method of the class itself, or of one that it shares a base class with?"""
    owner = maker.name.rpartition(".")[0]
    if ":" not in owner:
        return False
    if owner not in facts.classes:
        return owner == maker.cls
    related = {owner, *facts.classes[owner].cls.bases} & {maker.cls, *facts.classes[maker.cls].cls.bases}
    return any(name in facts.classes for name in related)


def _makes(maker: Maker) -> bool:
    qualname = maker.name.partition(":")[2]
    return "." not in qualname or qualname.rpartition(".")[2].strip("_").partition("_")[0] in VERBS


def _is_legacy(maker: Maker, deprecated: frozenset[str]) -> bool:
    return bool(legacy_word(maker.name)) or maker.name.partition(":")[0] in deprecated
