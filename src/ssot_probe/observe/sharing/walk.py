"""Labels every object with the first user that reaches it; where a second user arrives is a contact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ssot_probe.observe.sharing.edges import Edges
from ssot_probe.observe.sharing.found import Root

CHUNK = 128
"""Objects whose references are followed at once."""

SHARD = 65_536
"""Labels in one table: a larger one would take long to grow."""


class Contact(NamedTuple):
    """An object that one user's walk met with another user's label on it."""

    thing: Any
    level: int  # references away from the nearer of the instances
    chunks: dict[int, int]  # by user: the chunk that one of the referring objects is in


class Walk:
    """One level after the other, from the instances of all users together.

    Every object that was met stays alive until `forget`, so that no number of an object is given twice.

    Args:
        edges: how references are followed.
        roots: where it begins; they are never walked through.
        most_objects: after which it stops.
    """

    def __init__(self, edges: Edges, roots: Sequence[Root], most_objects: int) -> None:
        self.edges = edges
        self.owners = tuple(dict.fromkeys(root.owner for root in roots))
        usable = [root for root in reversed(roots) if not edges.is_strange(root.instance)]
        self.roots = tuple({id(root.instance): root for root in usable}.values())[::-1]
        self.root_of: dict[int, int] = {}  # id of an instance -> index in `roots`
        for index, root in enumerate(self.roots):
            self.root_of[id(root.instance)] = index
        self.contacts: dict[int, Contact] = {}
        self.meetings: dict[tuple[int, int], int] = {}  # (id of a root, user that reached it) -> chunk
        self.chunks: list[Sequence[Any]] = []  # of what was followed
        self.chunk_owner: list[int] = []
        self.chunk_level: list[int] = []
        self.objects = 0
        self.stopped = ""
        self._kept: list[Any] = []  # what was met and is not followed
        self._tables: list[dict[int, int]] = [dict.fromkeys(edges.namespaces, -1)]
        self._most_objects = most_objects
        self._classes_seen: list[set[type]] = [set() for _ in self.owners]

    def run(self) -> Iterator[None]:
        """Walk; yields after each chunk."""
        index_of = {owner: index for index, owner in enumerate(self.owners)}
        self._tables[0].update(dict.fromkeys(self.root_of, -1))
        level: list[list[Any]] = [[] for _ in self.owners]
        for root in self.roots:
            level[index_of[root.owner]].append(root.instance)
        self._know({type(root.instance) for root in self.roots})
        depth = 0
        while any(level):
            following: list[list[Any]] = []
            for owner, things in enumerate(level):
                found: list[Any] = []
                following.append(found)
                for chunk, types in self._in_chunks(things):
                    if self.objects >= self._most_objects:
                        self.stopped = f"after {self.objects} objects"
                        self._kept += (level, following)
                        return
                    found += self._follow(chunk, types, owner, depth)
                    yield
            level = following
            depth += 1

    def owner_of(self, thing: Any) -> int:
        """Return the index of the user whose label is on an object; -1 where nobody's is."""
        chunk = self.chunk_of(thing)
        return self.chunk_owner[chunk] if chunk >= 0 else -1

    def chunk_of(self, thing: Any) -> int:
        """Return the chunk that an object was first met from; -1 where it was not met."""
        for table in self._tables:
            chunk = table.get(id(thing))
            if chunk is not None:
                return chunk
        return -1

    def forget(self) -> Iterator[None]:
        """Release every object; yields in between."""
        self.contacts.clear()
        self.roots = ()
        self._kept.clear()
        while self.chunks:
            del self.chunks[-64:]
            yield
        self._tables.clear()

    def _in_chunks(self, things: list[Any]) -> Iterator[tuple[list[Any], set[type]]]:
        for start in range(0, len(things), CHUNK):
            chunk = things[start : start + CHUNK]
            types = set(map(type, chunk))
            large = self.edges.large_ones(chunk, types)
            if large:
                ids = set(map(id, large))
                chunk = [each for each in chunk if id(each) not in ids]
            if chunk:
                yield chunk, types
            for each in large:
                yield [each], {type(each)}

    def _follow(self, chunk: list[Any], types: set[type], owner: int, depth: int) -> list[Any]:
        """Follow the references of a chunk; return what has to be followed on the next level."""
        edges, kinds = self.edges, self.edges.kinds
        number = len(self.chunks)
        references = edges.of_all(chunk, types) if len(chunk) > 1 else edges.of_one(chunk[0])
        references += self._class_attributes(types, owner)
        skipped = kinds.skipped
        fresh = {id(each): each for each in references if type(each) not in skipped}
        for table in self._tables:
            for known in fresh.keys() & table.keys():
                self._meet(fresh.pop(known), table[known], owner, number, depth)
        found = set(map(type, fresh.values()))
        if not found <= kinds.known:
            self._know(found)
            fresh = {number: each for number, each in fresh.items() if type(each) not in skipped}
            found -= skipped
        self._label(fresh, number)
        self.chunks.append(chunk)
        self.chunk_owner.append(owner)
        self.chunk_level.append(depth)
        self.objects += len(chunk)
        entered = kinds.entered
        if found <= entered:
            return list(fresh.values())
        self._kept += [each for each in fresh.values() if type(each) not in entered]
        return [each for each in fresh.values() if type(each) in entered]

    def _label(self, fresh: dict[int, Any], number: int) -> None:
        table = self._tables[-1]
        if len(table) + len(fresh) > SHARD:
            table = {}
            self._tables.append(table)
        table.update(dict.fromkeys(fresh, number))

    def _meet(self, thing: Any, chunk: int, owner: int, number: int, depth: int) -> None:
        if chunk < 0:
            root = self.root_of.get(id(thing))
            if root is not None and self.roots[root].owner != self.owners[owner]:
                self.meetings.setdefault((id(thing), owner), number)
        elif self.chunk_owner[chunk] != owner:
            contact = self.contacts.get(id(thing))
            if contact is None:
                contact = self.contacts[id(thing)] = Contact(thing, min(depth, self.chunk_level[chunk]), {})
            contact.chunks.setdefault(owner, number)

    def _class_attributes(self, types: set[type], owner: int) -> list[Any]:
        seen = self._classes_seen[owner]
        new = types & self.edges.kinds.application - seen
        seen |= new
        return [value for cls in new for value in self.edges.class_attributes(cls)]

    def _know(self, types: set[type]) -> None:
        self.edges.kinds.learn(types)
        self.edges.learn(types)
