"""Finds functions that somebody holds beside the module or class that defines them, and says who does.

A route, a table of callbacks or a default argument got hold of them while their module ran, before a wrapper
could be put on: calls through those go past it.
"""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Container, Iterator, Sequence
from functools import partial
from time import time_ns
from types import CellType, FrameType, FunctionType, GeneratorType, ModuleType
from typing import Any, NamedTuple

from ssot_probe.model.process_records import BlindRecord
from ssot_probe.observe.contents import Contents
from ssot_probe.observe.modules import namespace_of, present_modules

MOST_STEPS = 4
"""References between a function and what is named as its holder: a cell, a tuple, a dictionary."""

MOST_NAMES = 4
"""Holders of one function that are named."""

_PAST = "calls through that are not seen; its constructions are"

_PASSED_BY = frozenset(
    {
        *(FrameType, staticmethod, classmethod),
        # what somebody is just going through, as a look at shared references does
        *(GeneratorType, map, filter, zip, enumerate, reversed),
        *(type(iter([])), type(iter(())), type(iter({})), type(iter({}.values())), type(iter({}.items()))),
        type(iter(set())),
    }
)
_CONTAINERS = (dict, list, tuple, set, frozenset, CellType, partial)


class _Held(NamedTuple):
    """A function that something holds past its wrapper, as it was stored."""

    name: str
    function: Any


class HeldFunctions:
    """The functions whose holders are still to be named."""

    def __init__(self) -> None:
        self._waiting: deque[_Held] = deque()

    def add(self, name: str, function: Any) -> None:
        """Ask later who holds a function."""
        self._waiting.append(_Held(name, function))

    def told(self, observed: Container[str]) -> Iterator[BlindRecord]:
        """Yield what is not seen of the functions that were added, with the names of who holds them.

        Args:
            observed: names of observed makers: what those hold is seen.
        """
        held = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if held:
            named = holders([entry.function for entry in held])
            for entry, found in zip(held, named):
                names = [name for name in found if name not in observed]
                if names:
                    reason = f"held by {' and '.join(names)} before it could be observed: {_PAST}"
                    yield BlindRecord(entry.name, reason, time_ns())


def held_elsewhere(contents: Contents) -> frozenset[int]:
    """Return the ids of the stored functions that something refers to beside their module or class.

    It compares their numbers of references, and looks for nothing.
    """
    stored = [id(value) for _, value, _ in contents.functions]
    found = set()
    for (_, value, function), references in zip(contents.functions, _references(contents.functions)):
        is_plain = value is function
        others = stored.count(id(value)) - 1
        expected = _EXPECTED[is_plain] + others * (3 if is_plain else 2)  # a name more, and our list of it
        if references > expected and not _is_ours(value):
            found.add(id(value))
    return frozenset(found)


def holders(functions: Sequence[Any]) -> list[list[str]]:
    """Name what holds each of the functions, as they were stored, but for the probe's own objects.

    It looks through all objects of the process: not for every day.
    """
    names: list[list[str]] = [[] for _ in functions]
    leads_to: dict[int, set[int]] = {}
    for index, function in enumerate(functions):
        leads_to.setdefault(id(function), set()).add(index)
    modules = {id(vars(module)): name for name, module in present_modules() if _is_module(module)}
    ignored = {id(functions), id(names)}
    frontier: list[Any] = list(functions)
    for _ in range(MOST_STEPS):
        ignored.add(id(frontier))
        following: list[Any] = []
        ignored.add(id(following))
        for holder in gc.get_referrers(*frontier):
            if (
                id(holder) in ignored
                or id(holder) in leads_to
                or type(holder) in _PASSED_BY
                or _is_ours(holder)
            ):
                continue
            module = modules.get(id(holder))
            if module is not None:
                named = [(f"{module}:{key}", leads_to.get(id(value), ())) for key, value in _items(holder)]
            else:
                reached = {place for item in gc.get_referents(holder) for place in leads_to.get(id(item), ())}
                named = [(_name(holder), reached)]
                if type(holder) in _CONTAINERS:
                    leads_to[id(holder)] = reached
                    following.append(holder)
            for name, places in named:
                for index in places:
                    if name and name not in names[index] and len(names[index]) < MOST_NAMES:
                        names[index].append(name)
        if not following:
            break
        frontier = following
    return names


def _items(names: dict[str, Any]) -> list[tuple[str, Any]]:
    return list(names.items())


def _name(holder: Any) -> str:
    """Return what a reader would call a holder; "" for what is only a part of one."""
    if type(holder) in _CONTAINERS:
        return ""
    if type(holder) is FunctionType:
        return f"{holder.__module__}:{holder.__qualname__}"
    described = holder if issubclass(type(holder), type) else type(holder)
    what = "" if described is holder else "an instance of "
    return f"{what}{type.__getattribute__(described, '__module__')}:{described.__qualname__}"


def _is_ours(value: Any) -> bool:
    return str(type.__getattribute__(type(value), "__module__")).startswith("ssot_probe.")


def _is_module(module: object) -> bool:
    return bool(namespace_of(module)) and issubclass(type(module), ModuleType)


def _references(functions: Sequence[tuple[str, Any, FunctionType]]) -> Iterator[int]:
    for _name, value, _function in functions:
        yield sys.getrefcount(value)


def _expected() -> dict[bool, int]:
    """Count the references to functions that nothing but their module and our own list of them holds."""
    module = ModuleType("ssot_probe_sample")
    exec("def plain(): pass\n@staticmethod\ndef wrapped(): pass\n", vars(module))
    for name in ("plain", "wrapped"):
        module.__dict__[name].__module__ = module.__name__
    contents = Contents(module, module.__name__)
    counts = list(_references(contents.functions))
    return {value is function: count for (_, value, function), count in zip(contents.functions, counts)}


_EXPECTED = _expected()
