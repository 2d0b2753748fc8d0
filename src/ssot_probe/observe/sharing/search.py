"""Searches below a shared object for data of users, and for whether each part says whose it is."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import (
    BuiltinFunctionType,
    CellType,
    FunctionType,
    MethodType,
    MethodWrapperType,
)
from typing import Any

from ssot_probe.observe.sharing.cached_results import CACHED, cached_results
from ssot_probe.observe.sharing.clients import inside_client
from ssot_probe.observe.sharing.digest import Digest
from ssot_probe.observe.sharing.edges import Edges, snapshot
from ssot_probe.observe.sharing.evidence import Evidence
from ssot_probe.observe.sharing.kinds import ATOMS
from ssot_probe.observe.sharing.naming import Naming
from ssot_probe.observe.sharing.parts import Parts, items_of
from ssot_probe.observe.sharing.tags import (
    Tags,
    is_field_name,
    is_personal,
    is_slot_name,
    is_uuid,
)
from ssot_probe.observe.sharing.traits import RUNNING

MOST_OBJECTS = 5_000
"""Looked at below one shared object."""

MAKES_DICTS = (3, 11) <= sys.version_info < (3, 13)

MOST_TO_CONFIRM = 50

STEPS_BETWEEN_RESTS = 100

AreLeft = Callable[[dict[Any, Any]], bool]
"""(what a thread-local holds for one thread) -> does everybody come by it, rather than one thread's work?"""


def are_of_their_thread(values: dict[Any, Any]) -> bool:
    """Take what a thread-local holds for its thread's own."""
    return False


class Search:
    """Searches below one object, never through the instance of a user.

    Args:
        edges: how references are followed.
        tags: ids of users.
        owner_of_root: id of an instance -> index of its user.
        seen: ids of objects that other searches have looked at, which this one leaves out.
        most_objects: after which it stops.
        are_left: says it of the values of thread-locals.
    """

    def __init__(
        self,
        edges: Edges,
        tags: Tags,
        owner_of_root: Mapping[int, int],
        seen: set[int] | None = None,
        most_objects: int = MOST_OBJECTS,
        are_left: AreLeft = are_of_their_thread,
    ) -> None:
        self._edges = edges
        self._traits = edges.kinds.traits
        self._parts = Parts(edges)
        self._naming = Naming(edges, tags, owner_of_root)
        self._tags = tags
        self._roots = owner_of_root
        self._most_objects = most_objects
        self._are_left = are_left
        self._named: set[int] = set()
        self._kept_for: set[int] = set()
        self._loose: set[int] = set()
        self._private: list[Any] = []
        self._requests: list[Any] = []
        self._seen = set() if seen is None else seen
        self._waiting: deque[tuple[Any, Any]] = deque()  # with the mutable object that holds it
        self._holder: Any = None
        self._loose_at: dict[int, Any] = {}
        self._is_loose_here = False
        self._kept: list[Any] = []  # dictionaries and bound methods are made anew at each look: no id twice
        self._objects = 0
        self._digest = Digest(self._traits)
        self._steps = 0

    def run(self, thing: Any) -> Iterator[None]:
        """Search; yields in between. `result` has what was found."""
        self._edges.kinds.learn((type(thing),))
        if type(thing) in self._edges.kinds.skipped and type(thing) not in ATOMS:
            return
        self._seen.add(id(thing))
        self._waiting.append((thing, thing))
        while self._waiting and self._objects < self._most_objects:
            yield from self._look_at_next()
            if self._is_time_to_rest():
                yield

    @property
    def result(self) -> Evidence:
        """What was found so far."""
        return Evidence(
            frozenset(self._named),
            frozenset(self._kept_for),
            frozenset(self._loose),
            tuple(self._private),
            tuple(self._requests),
            tuple(self._loose_at.values()),
            self._objects,
            self._digest.value,
            not self._waiting,
        )

    def _is_time_to_rest(self) -> bool:
        if self._steps < STEPS_BETWEEN_RESTS:
            return False
        self._steps = 0
        return True

    def _look_at_next(self) -> Iterator[None]:
        thing, holder = self._waiting.popleft()
        self._holder = holder if type(thing) in self._edges.kinds.frozen else thing
        self._objects += 1
        self._steps += 1
        self._kept.append(thing)
        self._digest.add(self._traits[type(thing)].name)
        yield from self._look_at(thing)
        if self._is_loose_here:
            self._loose_at.setdefault(id(self._holder), self._holder)
            self._is_loose_here = False

    def _add_loose(self, users: Iterable[int]) -> None:
        for user in users:
            self._loose.add(user)
            self._is_loose_here = True

    def _look_at(self, thing: Any) -> Iterator[None]:
        cls = type(thing)
        traits = self._traits[cls]
        kinds = self._edges.kinds
        if cls in kinds.leaves:
            self._look_at_leaf(thing)
        elif cls is bytearray or cls in ATOMS:
            self._note_scalar(thing)
        elif traits.is_thread_local:
            self._look_at_threads(thing)
        elif dict in traits.bases:
            yield from self._look_at_entries(self._parts.entries_of(thing))
            if cls is not dict:
                self._look_at_attributes(thing, [])
        elif traits.collection is not None:
            yield from self._look_at_collection(thing, traits.collection)
            if cls is not traits.collection:
                self._look_at_attributes(thing, [])
        elif traits.name == "_asyncio:Task":
            # What runs belongs to whom it runs for; a set of tasks only keeps them from being collected.
            self._look_at_others([each for each in self._edges.of(thing) if type(each) not in RUNNING])
        elif traits.name == CACHED:
            results = cached_results(thing)
            yield from self._look_at_entries(self._parts.without_strange(results.entries))
            self._look_at_others(self._edges.without_strange(results.others))
        elif cls is FunctionType:
            self._look_at_function(thing)
        elif cls in (MethodType, MethodWrapperType, BuiltinFunctionType):
            self._push_all(self._edges.of(thing))
        elif cls in kinds.application or self._is_plain(cls):
            self._look_at_attributes(thing, self._edges.of_one(thing))
        else:
            self._look_at_others(self._edges.of(thing))
        if traits.has_numbers:
            self._digest.add_numbers(thing)

    def _look_at_function(self, function: Any) -> None:
        """Look at closure, attributes and defaults; a default that cannot change is a constant."""
        constants = function.__kwdefaults__
        for held in self._edges.of(function):
            if held is constants:
                held = tuple(constants.values())
            if type(held) is tuple:
                self._push_all([each for each in held if type(each) not in ATOMS])
            else:
                self._push_all([held])

    def _look_at_entries(self, entries: Iterable[tuple[Any, Any]]) -> Iterator[None]:
        naming = self._naming
        for key, value in entries:
            self._steps += 1
            if self._is_time_to_rest():
                yield
            self._digest.add(key, value)
            named = self._tags.in_key(key) | naming.root_in(key)
            if not named and type(key) is int:
                named = naming.by_number(key, value)
            if not named:
                named = self._confirmed(naming.maybe_in_key(key), value)
            if named:
                self._named |= named
                if self._is_data(value):
                    self._kept_for |= named
                self._remember(value)
                continue
            if type(value) not in ATOMS and self._traits[type(value)].is_work:
                self._push(value, in_collection=True)
            else:
                self._note_slot(
                    value,
                    is_personal(key),
                    is_directory=not is_field_name(key),
                    is_registry=not is_slot_name(key),
                )
            if type(key) not in ATOMS:
                self._push(key)

    def _confirmed(self, users: set[int], value: Any) -> set[int]:
        """Return the users whom a key may name, if what it leads to is nobody else's and of one of them."""
        if not users or type(value) in ATOMS:
            return set()
        search = Search(self._edges, self._tags, self._roots, most_objects=MOST_TO_CONFIRM)
        for _ in search.run(value):
            pass
        found = search.result
        return users & found.loose if found.loose <= users else set()

    def _is_data(self, value: Any) -> bool:
        """Is it more than a number, an id or an instance of a user?"""
        if type(value) in ATOMS:
            return type(value) in (str, bytes) and self._tags.equal(value) < 0
        self._edges.kinds.learn((type(value),))
        return type(value) in self._edges.kinds.entered and not self._naming.root_in(value)

    def _look_at_collection(self, collection: Any, base: Any) -> Iterator[None]:
        entries = self._edges.without_strange(items_of(collection, base))
        is_list_of_users = self._naming.are_users(entries, must_be_all=base is tuple)
        for each in entries:
            self._steps += 1
            if self._is_time_to_rest():
                yield
            if type(each) in ATOMS:
                self._digest.add(each)
                if is_list_of_users:
                    self._named |= self._naming.equal(each)
                else:
                    self._note_scalar(each)
                continue
            root = self._naming.root_in(each)
            if root:
                self._named |= root
                self._remember(each)
            else:
                self._push(each, in_collection=True)

    def _look_at_attributes(self, thing: Any, references: Sequence[Any]) -> None:
        """Look at what an object stores by name, and at what else it refers to.

        Args:
            thing: the object.
            references: what it refers to; empty for a container, whose entries are looked at as such.
        """
        values = {id(type(thing))}
        if not references or self._needs_names(thing, references):
            for name, value in self._parts.attributes_of(thing):
                values.add(id(value))
                self._digest.add(value)
                self._note_slot(value, is_personal(name), is_directory=False)
            values.add(id(self._parts.dict_of(thing)))
        if type(thing) in self._edges.kinds.application:
            for name, value in self._edges.named_class_attributes(type(thing)):
                values.add(id(value))
                self._note_slot(value, is_personal(name), is_directory=False)
        self._look_at_others([each for each in references if id(each) not in values])

    def _needs_names(self, thing: Any, references: Sequence[Any]) -> bool:
        """Do the names of the attributes matter?

        On Python 3.11 and 3.12 to ask makes a dictionary, which then costs the object's every access.
        """
        if not MAKES_DICTS or self._traits[type(thing)].slots:
            return True
        tags = self._tags
        return any(
            type(each) is dict
            or (type(each) in ATOMS and tags.equal_in_place(each) >= 0 and tags.equal(each) < 0)
            for each in references
        )

    def _look_at_others(self, references: Sequence[Any]) -> None:
        for each in references:
            self._steps += 1
            self._digest.add(each)
            self._note_slot(each, is_personal_name=False, is_directory=False)

    def _look_at_threads(self, local: Any) -> None:
        """Take each thread's values for themselves: loose is what is left, and where two users' data meet."""
        for each in self._edges.of(local):
            if type(each) is not dict:
                continue
            for dummy in snapshot(lambda each=each: list(dict.values(each))):  # type: ignore[misc]
                for values in self._edges.of(dummy) if type(dummy) is not dict else [dummy]:
                    if type(values) is dict:
                        self._look_at_thread(values)

    def _look_at_thread(self, values: dict[Any, Any]) -> None:
        if id(values) in self._seen:
            return
        self._seen.add(id(values))
        search = Search(self._edges, self._tags, self._roots, self._seen, self._most_objects - self._objects)
        are_left = self._are_left(values)
        for _ in search.run_mapping(values):
            pass
        found = search.result
        if len(found.loose) > 1 or (are_left and self._are_left(values)):
            self._add_loose(found.loose)
        self._named |= found.named | found.loose
        self._kept_for |= found.users
        self._objects += found.objects
        self._digest.add_all(found.digest)

    def run_mapping(self, values: dict[Any, Any]) -> Iterator[None]:
        """Search below the values of one mapping as if they were attributes."""
        for name, value in self._parts.entries_of(values):
            self._digest.add(name, value)
            self._note_slot(value, is_personal(name), is_directory=False)
        while self._waiting and self._objects < self._most_objects:
            yield from self._look_at_next()

    def _look_at_leaf(self, leaf: Any) -> None:
        self._digest.add(id(leaf))
        for text in inside_client(leaf):
            self._digest.add(text)
            self._add_loose(self._tags.within(text) | self._naming.equal(text))

    def _note_slot(
        self, value: Any, is_personal_name: bool, is_directory: bool, is_registry: bool = False
    ) -> None:
        """Note what stands alone under a name. In a directory, such as of tokens, a bare id is no data."""
        if type(value) in ATOMS or is_uuid(type(value)):
            index = self._tags.equal_in_place(value) if is_personal_name else self._tags.equal(value)
            users = {index} if index >= 0 else self._tags.within(value)
            if index >= 0 and is_directory:
                self._named |= users
            else:
                self._add_loose(users)
            return
        root = self._naming.root_in(value)
        if root:
            if is_directory or is_registry:
                self._named |= root
            else:
                self._add_loose(root)
            self._remember(value)
        else:
            self._push(value)

    def _note_scalar(self, scalar: Any) -> None:
        self._add_loose(self._tags.within(scalar) | self._naming.equal(scalar))
        self._digest.add(bytes(scalar) if type(scalar) is bytearray else scalar)

    def _push(self, thing: Any, in_collection: bool = False) -> None:
        kinds = self._edges.kinds
        cls = type(thing)
        if cls not in kinds.known:
            kinds.learn((cls,))
        if cls in kinds.skipped or id(thing) in self._seen or id(thing) in self._roots:
            return
        if in_collection and self._traits[cls].is_work:
            self._remember(thing)  # kept until it is done, and whoever began it has it to themselves
            return
        if cls in kinds.never_share:
            self._remember(thing)
            if cls in kinds.requests:
                self._requests.append(thing)
            if not in_collection:
                self._private.append(thing)
            return
        self._remember(thing)
        self._waiting.append((thing, self._holder))

    def _push_all(self, things: Sequence[Any]) -> None:
        for each in things:
            if type(each) is CellType or type(each) is tuple or type(each) is dict:
                self._push(each)
            else:
                self._note_slot(each, is_personal_name=False, is_directory=False)

    def _remember(self, thing: Any) -> None:
        self._seen.add(id(thing))
        self._kept.append(thing)

    def _is_plain(self, cls: type) -> bool:
        return self._traits[cls].dict_getter is not None and cls in self._edges.kinds.mutable
