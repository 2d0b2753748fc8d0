"""Names the steps of a path by attributes and variables of the source: a key may be the id of a user."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from types import CellType, CoroutineType, FunctionType, GeneratorType, MethodType
from typing import Any

from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.sharing.anatomy import (
    bases_of,
    dict_getter,
    namespace_of_class,
    qualified_name,
    slots_of,
)
from ssot_probe.observe.sharing.edges import Edges, snapshot
from ssot_probe.observe.sharing.functions import code_of, functions_in
from ssot_probe.observe.sharing.paths import Chain

_closure_of = FunctionType.__dict__["__closure__"].__get__
_defaults_of = FunctionType.__dict__["__defaults__"].__get__
_code_of = FunctionType.__dict__["__code__"].__get__

ATTRIBUTE = "[an attribute]"

RESTS = 1_000
"""Names between two rests."""


class StepNames:
    """Says in the source's words how each object of a chain leads to the next.

    Args:
        edges: that the chain was found along.
        is_secret: may the text not be shown, since the id of a user is in it?
        modules: namespaces of first-party modules, whose code may name attributes of any class.
    """

    def __init__(
        self,
        edges: Edges,
        is_secret: Callable[[str], bool],
        modules: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._edges = edges
        self._modules = modules
        self._names_in_modules: set[str] = set()
        self._is_secret = is_secret
        self._known: dict[type, frozenset[str]] = {}

    def of(self, chain: Chain) -> tuple[str, ...]:
        """Return the name of the first object's type, then a name for each step."""
        if not chain:
            return ()
        return (qualified_name(type(chain[0])), *self._steps(chain))

    def _steps(self, chain: Chain) -> Iterator[str]:
        position = 0
        while position < len(chain) - 1:
            above, rest = chain[position], chain[position + 1 :]
            name, taken = self._step(above, rest)
            position += taken
            if name:
                yield name

    def _step(self, above: Any, rest: Chain) -> tuple[str, int]:
        """Return the name of the next step, and how many objects further it leads."""
        below = rest[0]
        bases = bases_of(type(above))
        if type(above) is FunctionType:
            return self._in_function(above, rest)
        if type(above) is MethodType:
            return (".__self__" if below is above.__self__ else ".__func__"), 1
        if qualified_name(type(above)) == "_contextvars:Context":
            return "[a context variable]", 1 + next(
                at for at, each in enumerate(rest) if "hamt" not in qualified_name(type(each))
            )
        if isinstance_of(bases, CoroutineType, GeneratorType):
            return "[a local variable]", 1
        attribute = self._attribute(above, rest)
        if attribute is not None:
            return attribute
        if isinstance_of(bases, dict):
            values = snapshot(lambda: list(dict.values(above)))
            return ("[a value]" if any(each is below for each in values) else "[a key]"), 1
        if isinstance_of(bases, list, tuple, deque):
            return "[an item]", 1
        if isinstance_of(bases, set, frozenset):
            return "[a member]", 1
        if type(above) is CellType:
            return "[a variable]", 1
        name = qualified_name(type(above))
        if name.startswith("ssot_probe."):
            return "", 1  # a wrapper of ours explains nothing
        return f"[of a {name.rpartition('.')[2].rpartition(':')[2]}]", 1

    def _in_function(self, function: Any, rest: Chain) -> tuple[str, int]:
        closure, defaults = _closure_of(function), _defaults_of(function)
        code = _code_of(function)
        if rest[0] is closure and len(rest) > 1:
            for name, cell in zip(code.co_freevars, closure):
                if cell is rest[1]:
                    return f".<closure {name}>", min(len(rest), 3)
        if rest[0] is defaults and len(rest) > 1:
            arguments = code.co_varnames[: code.co_argcount][-len(defaults) :]
            for name, value in zip(arguments, defaults):
                if value is rest[1]:
                    return f".<default of {name}>", 2
        if type(rest[0]) is dict and len(rest) > 1:
            for name, value in snapshot(lambda: list(dict.items(rest[0]))):
                if value is rest[1]:
                    is_argument = name in code.co_varnames
                    return (f".<default of {name}>" if is_argument else self._shown(type(function), name)), 2
        return ".<closure>" if rest[0] is closure else ".<defaults>", 1

    def _attribute(self, thing: Any, rest: Chain) -> tuple[str, int] | None:
        """Name the attribute by which an object refers to the next; its own dictionary is no step."""
        cls, below = type(thing), rest[0]
        for name, slot in slots_of(cls):
            try:
                if slot.__get__(thing) is below:
                    return f".{name}", 1
            except AttributeError:  # not set
                continue
        getter = dict_getter(cls)
        if (
            getter is not None
            and not issubclass(cls, type)
            and "_thread:_local" not in map(qualified_name, bases_of(cls))
        ):
            attributes = getter(thing)
            if attributes is below:
                if len(rest) == 1:
                    return ".__dict__", 1
                return self._named_value(cls, attributes, rest[1], 2)
            if type(attributes) is dict and any(
                value is below for value in snapshot(lambda: list(dict.values(attributes)))
            ):
                return self._named_value(cls, attributes, below, 1)
        if cls in self._edges.kinds.application:
            for name, value in self._edges.named_class_attributes(cls):
                if value is below:
                    return f".{name}", 1
        return None

    def _named_value(self, cls: type, attributes: dict[Any, Any], value: Any, taken: int) -> tuple[str, int]:
        for name, each in snapshot(lambda: list(dict.items(attributes))):
            if each is value and type(name) is str:
                return self._shown(cls, name), taken
        return ATTRIBUTE, taken

    def _shown(self, cls: type, name: str) -> str:
        if self._is_secret(name) or not name.isidentifier():
            return ATTRIBUTE
        if name in self._names_of(cls) or name in self._names_in_modules:
            return f".{name}"
        return ATTRIBUTE

    def gather(self) -> Iterator[None]:
        """Gather the names that occur in the code of the modules, before any is used; yields in between."""
        for names in self._modules.values():
            for number, name in enumerate(_names_in_module(names)):
                self._names_in_modules.add(name)
                if number % RESTS == 0:
                    yield
        self._modules = {}

    def forget(self) -> None:
        """Release the modules."""
        self._modules = {}

    def _names_of(self, cls: type) -> frozenset[str]:
        """Return the names that occur in the code of a class and of its modules."""
        known = self._known.get(cls)
        if known is None:
            found: set[str] = set()
            for base in bases_of(cls):
                if base is not object:
                    found |= set(_names_in_namespace(namespace_of_class(base)))
                    module = sys.modules.get(qualified_name(base).partition(":")[0])
                    found |= set(_names_in_module(namespace_of(module)))
            known = self._known[cls] = frozenset(found)
        return known


def isinstance_of(bases: tuple[type, ...], *types: type) -> bool:
    """Is one of the types among the bases?"""
    return any(each in bases for each in types)


def _names_in_module(names: Mapping[str, Any]) -> Iterator[str]:
    for value in snapshot(lambda: list(names.values())):
        if type(value) is FunctionType:
            yield from _names_in_function(value)
        elif issubclass(type(value), type):
            yield from _names_in_namespace(namespace_of_class(value))


def _names_in_namespace(names: Mapping[str, Any]) -> Iterator[str]:
    for name, value in list(names.items()):
        yield name
        for function in functions_in(value):
            yield from _names_in_function(function)
        if name == "__annotations__" and type(value) is dict:
            yield from (each for each in value if type(each) is str)


def _names_in_function(function: Any) -> Iterator[str]:
    for code in code_of(function):
        yield from code.co_names
        yield from code.co_varnames
