"""Searches for what holds many instances at once: forward from the modules, once for all of them.

What only the local variables of running functions hold is not found, and neither is what only variables of
the program's own top level hold that none of its functions knows: these are local variables, too.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from ssot_probe.observe.bounds import bound_of
from ssot_probe.observe.census import module_code
from ssot_probe.observe.edges import attribute, edge, is_namespace
from ssot_probe.observe.modules import namespace_of, present_modules

MOST_OBJECTS = 300_000
"""Objects that are looked at in one search."""

MOST_PATHS = 3
"""Instances of which the way is told."""

OBSERVED = "ssot_probe.observe.observed_function"
"""The module of what stands in the place of observed functions."""

_ATOMS = frozenset(
    {str, bytes, int, float, complex, bool, type(None), CodeType, type(Ellipsis), range, slice}
)
_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_OPTIMIZED = 0x1

IsFirstParty = Callable[[str, object], bool]
"""(name of a module, its file or None) -> does it belong to the application?"""


class Holding(NamedTuple):
    """What was found."""

    held: frozenset[int]  # numbers of the instances that a module holds
    paths: Mapping[int, tuple[str, ...]]  # number -> the steps from a module down to it, of some
    bound: int  # how many entries their holder may have, 0 where that is not known


def search(targets: Mapping[int, Any], is_first_party: IsFirstParty, seconds: float = 0.5) -> Holding:
    """Search for the ways from modules to objects.

    Args:
        targets: number -> object.
        is_first_party: tells the application's modules, from which the search begins.
        seconds: how long it may take.
    """
    walk = _Walk(targets, is_first_party)
    walk.run(deadline=monotonic() + seconds)
    return Holding(
        frozenset(walk.found),
        {number: tuple(walk.steps(number)) for number in sorted(walk.found)[:MOST_PATHS]},
        max((walk.bound_on(number) for number in sorted(walk.found)[:MOST_PATHS]), default=0),
    )


class _Walk:
    """One search, breadth first. What has been reached stays, so that no address is used again."""

    def __init__(self, targets: Mapping[int, Any], is_first_party: IsFirstParty) -> None:
        self._numbers = {id(target): number for number, target in targets.items()}
        self._targets = targets
        self._own_modules: dict[str, ModuleType] = {}
        self._other_modules: dict[str, ModuleType] = {}
        for name, module in present_modules():
            names = namespace_of(module)
            if not names or name.partition(".")[0] == "ssot_probe":
                continue
            known = self._own_modules if is_first_party(name, names.get("__file__")) else self._other_modules
            known[name] = module
        self._namespaces = {id(namespace_of(module)) for module in list(sys.modules.values())}
        self._first_party_names = frozenset(self._own_modules)
        self._objects: list[Any] = []
        self._parents: list[int] = []
        self._seen = {id(targets), id(self._numbers), id(self._objects), id(self._parents)}
        self.found: dict[int, int] = {}  # number -> index of the holder

    def run(self, deadline: float) -> None:
        """Go on until every target is found, or nothing is left, or it takes too long."""
        for modules in (self._own_modules, self._other_modules):
            begin = len(self._objects)
            for name, module in modules.items():
                index = self._add(module, -1)
                unknown = _names_unknown_to_functions(name, module)
                for key, value in list(namespace_of(module).items()):
                    if key not in unknown:
                        self._meet(value, index)
            self._go_on(begin, deadline, is_everything=modules is self._other_modules)
            if len(self.found) == len(self._targets):
                return

    def _go_on(self, position: int, deadline: float, is_everything: bool) -> None:
        while position < len(self._objects) < MOST_OBJECTS and len(self.found) < len(self._targets):
            if position % 256 == 0 and monotonic() > deadline:
                return
            found = self._objects[position]
            if type(found) is not ModuleType:
                for child in self._children(found, is_everything):
                    self._meet(child, position)
            position += 1

    def _children(self, found: Any, is_everything: bool) -> list[Any]:
        kind = type(found)
        if kind is FunctionType:
            return [found.__closure__, found.__defaults__, found.__kwdefaults__, found.__dict__]
        if issubclass(kind, type) and not is_everything and found.__module__ not in self._first_party_names:
            return []
        if str(kind.__module__).partition(".")[0] == "ssot_probe":
            return [found.__wrapped__] if kind.__module__ == OBSERVED else []
        return gc.get_referents(found)

    def _meet(self, found: Any, holder: int) -> None:
        if type(found) in _ATOMS or id(found) in self._seen:
            return
        if id(found) in self._namespaces or issubclass(type(found), ModuleType):
            return
        self._add(found, holder)
        number = self._numbers.get(id(found))
        if number is not None:
            self.found[number] = holder

    def _add(self, found: Any, holder: int) -> int:
        self._seen.add(id(found))
        self._objects.append(found)
        self._parents.append(holder)
        return len(self._objects) - 1

    def steps(self, number: int) -> Iterator[str]:
        """Name each step from the module down to a target."""
        chain = self._chain(number)
        yield f"module {namespace_of(chain[0])['__name__']}"
        owner: Any = None
        for holder, held in zip(chain, chain[1:]):
            if is_namespace(holder, held):
                owner = holder  # the next step names the attribute
                continue
            if type(holder).__module__ == OBSERVED:
                continue  # the probe's own wrapper explains nothing
            yield edge(holder, held) if owner is None else attribute(owner, held) or "an attribute"
            owner = None

    def bound_on(self, number: int) -> int:
        """Return how many entries the holder of a target may have; 0 where nothing says it."""
        return bound_of(self._chain(number))

    def _chain(self, number: int) -> list[Any]:
        chain = [self._targets[number]]
        index = self.found[number]
        while index >= 0:
            chain.append(self._objects[index])
            index = self._parents[index]
        return chain[::-1]


def _names_unknown_to_functions(name: str, module: ModuleType) -> frozenset[str]:
    """Return the variables of the program's top level that no function of it names."""
    code = module_code(name) if name == "__main__" else None
    if code is None:
        return frozenset()
    known: set[str] = set()
    _collect_names(code, False, known)
    return frozenset(
        key
        for key, value in list(namespace_of(module).items())
        if key not in known and not issubclass(type(value), (type, FunctionType))
    )


def _collect_names(code: CodeType, is_inside: bool, known: set[str]) -> None:
    if is_inside:
        known.update(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            is_function = bool(constant.co_flags & _OPTIMIZED) and constant.co_name not in _COMPREHENSIONS
            _collect_names(constant, is_inside or is_function, known)
