"""Says whom a key, a scalar or a reference names: by id, or because it leads to a user's instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ssot_probe.observe.sharing.edges import Edges
from ssot_probe.observe.sharing.kinds import ATOMS
from ssot_probe.observe.sharing.tags import Tags, shape_of

FEWEST_ALIKE = 3
"""Texts that look alike, of which some are ids: the others are those of users who have not come yet."""


class Naming:
    """Answers with the indexes of users.

    Args:
        edges: how references are followed.
        tags: ids of users.
        owner_of_root: id of an instance -> index of its user.
    """

    def __init__(self, edges: Edges, tags: Tags, owner_of_root: Mapping[int, int]) -> None:
        self._edges = edges
        self._traits = edges.kinds.traits
        self._tags = tags
        self._roots = owner_of_root

    def equal(self, scalar: Any) -> set[int]:
        """Return the user whose id a scalar is."""
        index = self._tags.equal(scalar)
        return {index} if index >= 0 else set()

    def by_number(self, key: int, value: Any) -> set[int]:
        """Return whom a number as a key names: only with what it leads to, or as the `id` of an instance."""
        if key in self._roots:
            return {self._roots[key]}  # a descriptor's way to tell instances apart
        if self._roots.get(id(value), -1) >= 0:
            return set()
        index = self._tags.equal_in_place(key)
        return {index} if index >= 0 and index in self.root_in(value) else set()

    def maybe_in_key(self, key: Any) -> set[int]:
        """Return whom a key names that is a number, or a part of it."""
        if type(key) is int:
            index = self._tags.equal_in_place(key)
            return {index} if index >= 0 else set()
        return self._tags.in_part_of_key(key)

    def are_users(self, entries: Sequence[Any], must_be_all: bool) -> bool:
        """Are the entries of a collection ids of users, of whom some may not have come yet?"""
        if any(type(each) is not str for each in entries):
            return False
        known = sum(self._tags.equal(each) >= 0 for each in entries)
        if must_be_all and known < len(entries):
            return False
        return known * 2 > len(entries) or (known > 0 and _look_alike(entries))

    def root_in(self, thing: Any) -> set[int]:
        """Return whose instance it is, or a weak reference, method, tuple or closure leads to directly."""
        waiting, depth = [thing], 0
        found: set[int] = set()
        while waiting and depth < 4:
            following = []
            for each in waiting:
                owner = self._roots.get(id(each))
                if owner is not None:
                    found.add(owner)
                    continue
                if type(each) in ATOMS:
                    continue
                traits = self._traits[type(each)]
                if traits.is_reference:
                    following.append(_target_of(each))
                elif traits.is_looked_through:
                    following += self._edges.of(each)[:8]
            waiting, depth = following, depth + 1
        return found


def _look_alike(texts: Sequence[str]) -> bool:
    return len(texts) >= FEWEST_ALIKE and len(set(map(shape_of, texts))) == 1


def _target_of(reference: Any) -> Any:
    import weakref

    return weakref.ref.__call__(reference)
