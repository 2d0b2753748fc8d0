"""Of all contacts, the objects that sharing begins at: what is below them is shared by consequence."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from gc import get_referents
from types import CellType
from typing import Any, NamedTuple

from ssot_probe.observe.sharing.walk import Walk

STEPS_BETWEEN_RESTS = 1_000


class Entry(NamedTuple):
    """A mutable or foreign object that users share, and no such object leads there."""

    thing: Any
    level: int
    through: dict[
        int, tuple[Any, int]
    ]  # by user: what the walk met, itself or a frozen object above; its chunk
    owners: frozenset[int]


def holds_a_text(thing: Any) -> bool:
    """Is it the variable of a closure, with a text in it? That has nothing below it, but can be set again."""
    return type(thing) is CellType and any(type(each) is str for each in get_referents(thing))


class _Candidate:
    """An entry in the making."""

    __slots__ = ("level", "thing", "through")

    def __init__(self, thing: Any, level: int) -> None:
        self.thing = thing
        self.level = level
        self.through: dict[int, tuple[Any, int]] = {}  # by user


class Entries:
    """Finds the entries among the contacts of a finished walk.

    `found` is filled by `run`; `below` then holds the ids of everything that was looked at below an entry.
    """

    def __init__(self, walk: Walk) -> None:
        self.found: list[Entry] = []
        self.below: set[int] = set()
        self._walk = walk
        self._candidates: dict[int, _Candidate] = {}
        self._leads_to_itself = False  # one that was kept does

    def run(self) -> Iterator[None]:
        """Look through frozen contacts, then drop what lies below another candidate; yields in between."""
        for contact in sorted(self._walk.contacts.values(), key=lambda contact: contact.level):
            through = {owner: (contact.thing, chunk) for owner, chunk in contact.chunks.items()}
            first = self._walk.owner_of(contact.thing)
            through[first] = (contact.thing, self._walk.chunk_of(contact.thing))
            yield from self._add(contact.thing, contact.level, through)
        kept = yield from self._kept_of(sorted(self._candidates.values(), key=lambda one: one.level))
        if self._leads_to_itself and len(kept) > 1:
            # One that is part of a cycle stays where a later one leads to another part of it, as that was
            # marked before. But none leads to a later one: from the last to the first, all are met.
            self.below.clear()
            kept = yield from self._kept_of(reversed(kept))
        self.found = [
            Entry(one.thing, one.level, one.through, frozenset(one.through))
            for one in sorted(kept, key=lambda one: one.level)
        ]

    def _kept_of(self, candidates: Iterable[_Candidate]) -> Generator[None, None, list[_Candidate]]:
        """Return those that do not lie below one another, in their order."""
        kept: dict[int, _Candidate] = {}
        for candidate in candidates:
            if id(candidate.thing) not in self.below:
                kept[id(candidate.thing)] = candidate
                yield from self._mark(candidate.thing, kept)
        return list(kept.values())

    def _add(self, thing: Any, level: int, through: dict[int, tuple[Any, int]]) -> Iterator[None]:
        """Make a candidate of a contact, or of each mutable object that a frozen one leads to."""
        kinds, edges = self._walk.edges.kinds, self._walk.edges
        seen = {id(thing)}
        waiting = [(thing, level)]
        for steps, (each, depth) in enumerate(waiting):
            if type(each) not in kinds.frozen or holds_a_text(each):
                candidate = self._candidates.get(id(each))
                if candidate is None:
                    candidate = self._candidates[id(each)] = _Candidate(each, depth)
                for owner, way in through.items():
                    candidate.through.setdefault(owner, way)
                continue
            references = edges.of(each)
            kinds.learn(set(map(type, references)))
            for below in references:
                if self._is_followed(below, seen):
                    seen.add(id(below))
                    waiting.append((below, depth + 1))
            if steps % STEPS_BETWEEN_RESTS == STEPS_BETWEEN_RESTS - 1:
                yield

    def _mark(self, thing: Any, kept: dict[int, _Candidate]) -> Iterator[None]:
        """Note everything below an entry; one that was kept before and lies below this one is dropped."""
        kinds, edges = self._walk.edges.kinds, self._walk.edges
        own: set[int] = {id(thing)}
        waiting = [thing]
        steps = 0
        while waiting:
            each = waiting.pop()
            if type(each) not in kinds.entered:
                continue
            references = edges.of(each)
            kinds.learn(set(map(type, references)))
            for below in references:
                steps += 1
                if steps > STEPS_BETWEEN_RESTS:
                    steps = 0
                    yield
                number = id(below)
                if below is thing:
                    self._leads_to_itself = True
                if number in self.below or not self._is_followed(below, own):
                    continue
                own.add(number)
                self.below.add(number)
                if number in kept:  # everything below it is marked already
                    del kept[number]
                else:
                    waiting.append(below)

    def _is_followed(self, thing: Any, seen: set[int]) -> bool:
        return (
            type(thing) not in self._walk.edges.kinds.skipped
            and id(thing) not in seen
            and id(thing) not in self._walk.root_of
        )
