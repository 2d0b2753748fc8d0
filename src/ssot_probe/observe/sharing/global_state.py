"""Searches the globals of the application for the data of users, and for what holds a shared object."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from gc import get_referents
from itertools import chain
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.sharing.anatomy import bases_of, dict_getter, namespace_of_class, qualified_name
from ssot_probe.observe.sharing.collected import is_only_filled
from ssot_probe.observe.sharing.edges import Edges, snapshot
from ssot_probe.observe.sharing.evidence import Evidence
from ssot_probe.observe.sharing.functions import code_of, functions_in, functions_of
from ssot_probe.observe.sharing.kinds import ATOMS
from ssot_probe.observe.sharing.search import AreLeft, Search, are_of_their_thread
from ssot_probe.observe.sharing.stores import stores_in_class, stores_in_module
from ssot_probe.observe.sharing.tags import Tags

MOST_OBJECTS = 50_000
"""Looked at below all globals together."""

RESTS = 1_000


class Place(NamedTuple):
    """A name in a module, or in a class of it, and what stands there."""

    steps: tuple[str, ...]  # such as ("chat.state", ".Cache", ".entries")
    value: Any


class Remains(NamedTuple):
    """Data of users that a global holds without saying whose it is."""

    place: Place
    thing: Any  # what holds it, at the place or below it
    evidence: Evidence


class GlobalState:
    """What the modules of the application hold.

    Args:
        edges: how references are followed.
        tags: ids of users.
        owner_of_root: id of an instance -> index of its user; instances of users are never looked into.
        modules: namespaces of first-party modules by name.
        are_left: does everybody come by these values of a thread-local?
    """

    def __init__(
        self,
        edges: Edges,
        tags: Tags,
        owner_of_root: Mapping[int, int],
        modules: Mapping[str, Mapping[str, Any]],
        are_left: AreLeft = are_of_their_thread,
    ) -> None:
        self._edges = edges
        self._tags = tags
        self._roots = owner_of_root
        self._modules = modules
        self._are_left = are_left
        self._holders: dict[int, Any] = {}  # id of an object -> what refers to it, or its place
        self._kept: list[Any] = []
        self.remains: list[Remains] = []
        self.requests: list[tuple[Place, Any]] = []

    def find_holders(self) -> Iterator[None]:
        """Note what refers to each object below the globals, before anything is named; yields in between."""
        waiting: list[Any] = []
        for number, place in enumerate(self._places()):
            if number % RESTS == 0:
                yield
            if type(place.value) not in ATOMS and id(place.value) not in self._holders:
                self._holders[id(place.value)] = place
                waiting.append(place.value)
        yield
        kinds = self._edges.kinds
        self._kept = waiting
        steps = 0
        for each in waiting:
            if len(waiting) > MOST_OBJECTS:
                return
            kinds.learn((type(each),))
            if id(each) in self._roots or type(each) not in kinds.entered:
                continue
            references = self._edges.of(each)
            kinds.learn(set(map(type, references)))
            for below in references:
                steps += 1
                if steps > RESTS:
                    steps = 0
                    yield
                if id(below) not in self._holders and type(below) not in kinds.skipped:
                    self._holders[id(below)] = each
                    waiting.append(below)

    def holder_of(self, thing: Any) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        """Return the steps to a global, and the chain of objects from its value; two empty ones for none."""
        way = [thing]
        holder = self._holders.get(id(thing))
        while holder is not None and not isinstance_of_place(holder):
            way.append(holder)
            holder = self._holders.get(id(holder))
        return (holder.steps, tuple(reversed(way))) if holder is not None else ((), ())

    def search(self, seen: set[int]) -> Iterator[None]:
        """Search below every global for data of users that does not say whose it is; yields in between.

        Args:
            seen: ids of objects that are reported already.
        """
        used: dict[str, set[str]] = {}
        yield from self._find_names_in_use(used)
        everywhere = set().union(*used.values())
        left = MOST_OBJECTS
        for place in chain(self._places(), self._environment(), self._registered_tasks()):
            yield
            module, name = place.steps[0], place.steps[1][1:]
            is_variable = len(place.steps) == 2 and module in self._modules
            if is_variable and name not in (used[module] if module == "__main__" else everywhere):
                continue  # of the script alone, out of reach of what users call
            if type(place.value) in ATOMS:
                self._look_at_scalar(place, module, name)
                continue
            if is_variable and self._is_constant(place, name):
                continue
            if id(place.value) in seen or id(place.value) in self._roots or left <= 0:
                continue
            self._edges.kinds.learn((type(place.value),))
            if type(place.value) in self._edges.kinds.skipped:
                continue
            search = Search(self._edges, self._tags, self._roots, seen, left, self._are_left)
            yield from search.run(place.value)
            found = search.result
            left -= found.objects
            self.requests += [(place, request) for request in found.requests]
            is_script = is_variable and module == "__main__"
            if found.loose and not (is_script and is_only_filled(name, self._modules[module])):
                thing = found.loose_at[0] if len(found.loose_at) == 1 else place.value
                self.remains.append(Remains(place, thing, found))

    def forget(self) -> None:
        """Release every object."""
        self._holders.clear()
        self._kept.clear()
        self.remains.clear()
        self.requests.clear()
        self._modules = {}

    def _places(self) -> Iterator[Place]:
        for module, names in self._modules.items():
            for name, value in snapshot(lambda names=names: list(names.items())):  # type: ignore[misc]
                if type(name) is str and not name.startswith("__"):
                    yield from self._places_in((module, f".{name}"), value, module)

    def _places_in(self, steps: tuple[str, ...], value: Any, module: str) -> Iterator[Place]:
        """Yield what a name stands for: of classes and functions what they hold, if they are defined here."""
        if self._edges.is_strange(value):
            return
        bases = bases_of(type(value))
        if type in bases:
            if qualified_name(value).partition(":")[0] == module and len(steps) < 5:
                for name, each in list(namespace_of_class(value).items()):
                    if not name.startswith("__") or functions_in(each):
                        yield from self._places_in((*steps, f".{name}"), each, module)
        elif ModuleType in bases:
            return
        elif functions := functions_in(value):
            for function in functions:
                if function.__globals__.get("__name__") == module:
                    yield Place(steps, function)
        elif qualified_name(type(value)) == "_contextvars:ContextVar":
            for each in get_referents(value):
                if type(each) is not str:
                    yield Place((*steps, ".<default>"), each)
        else:
            yield Place(steps, value)

    def _look_at_scalar(self, place: Place, module: str, name: str) -> None:
        index = self._tags.equal(place.value)
        users = {index} if index >= 0 else self._tags.within(place.value)
        if not users:
            return
        if module in self._modules and not self._is_stored(place, module, name):
            return  # a constant
        evidence = Evidence(frozenset(), frozenset(), frozenset(users), (), (), (), 1, 0, True)
        self.remains.append(Remains(place, place.value, evidence))

    def _is_stored(self, place: Place, module: str, name: str) -> bool:
        """Does any function give the name another value?"""
        if len(place.steps) == 2:
            return stores_in_module(name, self._modules[module], self._modules)
        holder, attribute = (step[1:] for step in place.steps[-2:])
        return stores_in_class(attribute, holder, module, self._modules)

    def _is_constant(self, place: Place, name: str) -> bool:
        """Is it a tuple or frozenset of scalars, some of them ids, that no function gives another value?"""
        value = place.value
        return (
            type(value) in (tuple, frozenset)
            and all(type(each) in ATOMS for each in value)
            and any(self._tags.equal(each) >= 0 for each in value)
            and not stores_in_module(name, self._modules[place.steps[0]], self._modules)
        )

    def _environment(self) -> Iterator[Place]:
        """Yield the environment's variables that were set since the process began."""
        inherited = inherited_environment()
        current = namespace_of_instance(os.environ).get("_data")
        if type(current) is not dict or len(inherited.keys() & current.keys()) * 2 < len(current):
            return  # overwritten, as by a library that gives the process a title
        for name, value in snapshot(lambda: list(current.items())):
            is_set = name not in inherited or inherited[name] != value
            if is_set and self._tags.equal(value) >= 0:  # a text that mentions an id is none of theirs
                yield Place(("os", ".environ", "[a value]"), value)

    def _registered_tasks(self) -> Iterator[Place]:
        """Yield what the instances of Celery's tasks store: one instance serves every run."""
        applications = namespace_of(sys.modules.get("celery._state")).get("_apps", ())
        for application in snapshot(lambda: list(applications)):
            tasks = namespace_of_instance(application).get("_tasks")
            if dict not in bases_of(type(tasks)):
                continue
            for task in snapshot(lambda tasks=tasks: list(dict.values(tasks))):  # type: ignore[misc]
                name = qualified_name(type(task))
                if not name.startswith("celery."):
                    for attribute, value in namespace_of_instance(task).items():
                        if type(attribute) is str and not attribute.startswith("__"):
                            yield Place((name, f".{attribute}"), value)

    def _find_names_in_use(self, used: dict[str, set[str]]) -> Iterator[None]:
        """Find for each module which names its functions mention."""
        for module, names in self._modules.items():
            found = used[module] = set()
            for number, code in enumerate(codes_in(names)):
                found.update(code.co_names)
                if number % RESTS == 0:
                    yield


def codes_in(names: Mapping[str, Any]) -> Iterator[CodeType]:
    """Yield the code of each function and method in a namespace, with the code within."""
    for function in functions_of(names):
        yield from code_of(function)


def inherited_environment() -> dict[bytes, bytes]:
    """Return the environment that the process began with; {} where the system does not tell."""
    try:
        with open("/proc/self/environ", "rb") as file:
            entries = (entry.partition(b"=") for entry in file.read().split(b"\0"))
            return {name: value for name, _, value in entries if name}
    except OSError:
        return {}


def namespace_of_instance(thing: Any) -> dict[Any, Any]:
    """Return a copy of an instance's `__dict__`."""
    getter = dict_getter(type(thing))
    found = None if getter is None else getter(thing)
    return dict(found) if type(found) is dict else {}


def isinstance_of_place(thing: Any) -> bool:
    """Is it one of our own places, and no object of the application?"""
    return type(thing) is Place
