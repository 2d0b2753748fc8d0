"""Looks whether an instance sits in a place that a factory keeps what it made in.

Such a place is a named one: a global variable, a value of a dictionary, an attribute, a variable of an
enclosing function. It is looked for from what the factory's code names, by identity and without running
code of the application; lists and sets hold several on purpose and are no such place.
"""

from __future__ import annotations

import dis
import gc
import re
from collections.abc import Iterator
from types import CellType, CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any, NamedTuple
from weakref import ref

DEPTH = 4
"""Steps from what the code names: `app.state.managers["anna"]` takes four."""

MOST_STEPS = 3_000
"""Values that are looked at, for one factory at one moment."""

LARGE = 500
"""Entries from which on a dictionary is only asked for the instances themselves, up to `LARGEST`."""

LARGEST = 50_000

_ATOMS = (str, bytes, int, float, bool, type(None), complex, CodeType)
_KINDS = re.compile("LOAD_|STORE_")
_CACHE = "_lru_cache_wrapper"


class Slot(NamedTuple):
    """Where an instance sits.

    Attributes:
        name: what the code calls the place, or what holds it: a variable or an attribute.
        is_inside: does the name hold a container that the instance is in, rather than the instance itself?
        codes: of the functions that may use the name.
        is_cache: is the place one of `functools`?
    """

    name: str
    is_inside: bool
    codes: tuple[CodeType, ...]
    is_cache: bool = False

    @property
    def is_asked_first(self) -> bool:
        """Does the code look into the place, rather than only put something there?"""
        if self.is_cache:
            return True
        loads = sum(name == self.name for code in self.codes for name in _loaded(code))
        return loads > self.is_inside  # one of them is for putting it in


def _loaded(code: CodeType) -> Iterator[object]:
    """Yield each name that the code loads, as often as it does, and its constants."""
    for instruction in dis.get_instructions(code):
        value = instruction.argval
        # 3.13 has one instruction for two: LOAD_FAST_LOAD_FAST, STORE_FAST_LOAD_FAST.
        names = value if type(value) is tuple and instruction.opname.count("_FAST") == 2 else (value,)
        for kind, name in zip(_KINDS.findall(instruction.opname), names):
            if kind == "LOAD_":
                yield name


def slots_of(called: Any, holder: Any, wanted: tuple[Any, ...]) -> list[Slot | None]:
    """Return for each of some instances where the factory keeps it, None where it does not.

    Args:
        called: the factory, bound as it was called.
        holder: what it is a method of, or the class that it constructs; None for a function.
        wanted: the instances; None for one that is no more.
    """
    found: list[Slot | None] = [None] * len(wanted)
    functions = list(_functions(called))
    codes = tuple(code for function in functions for code in _codes(function.__code__))
    level = [(holder, "", False, False, codes), *_roots(called, functions, codes)]
    seen: set[int] = set()
    steps = 0
    for _ in range(DEPTH + 1):
        following: list[tuple[Any, str, bool, bool, tuple[CodeType, ...]]] = []
        for value, name, is_inside, is_cache, using in level:
            steps += 1
            if steps > MOST_STEPS:
                return found
            target = ref.__call__(value) if issubclass(type(value), ref) else value
            if target is None:
                continue
            for position, one in enumerate(wanted):
                if target is one and found[position] is None:
                    found[position] = Slot(name, is_inside, using, is_cache)
            if id(value) not in seen and not any(target is one for one in wanted):
                seen.add(id(value))
                if issubclass(type(value), dict) and dict.__len__(value) > LARGE:
                    inner = _found_in(value, wanted)
                    following.extend((one, name, True, is_cache, using) for one in inner)
                else:
                    following.extend(_contents(value, name, is_inside, is_cache, using))
        level = following
    return found


def _found_in(large: dict[Any, Any], wanted: tuple[Any, ...]) -> list[Any]:
    """Return those of the instances that a large dictionary holds; comparing would run their code."""
    if dict.__len__(large) > LARGEST:
        return []
    ids = set(map(id, list(dict.values(large))))
    return [one for one in wanted if one is not None and id(one) in ids]


def _functions(called: Any) -> Iterator[FunctionType]:
    """Yield the Python function under bound methods, wrappers and caches."""
    for _ in range(16):
        if type(called) is FunctionType:
            yield called
            called = vars(called).get("__wrapped__")
        elif type(called) is MethodType:
            called = called.__func__
        elif called is None or (not hasattr(type(called), "__wrapped__") and type(called).__name__ != _CACHE):
            return
        else:
            called = called.__wrapped__


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from _codes(constant)


def _roots(
    called: Any, functions: list[FunctionType], codes: tuple[CodeType, ...]
) -> Iterator[tuple[Any, str, bool, bool, tuple[CodeType, ...]]]:
    names = {name for code in codes for name in (*code.co_names, *code.co_freevars)}
    for function in functions:
        for name in names & function.__globals__.keys():
            yield function.__globals__[name], name, False, False, codes
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
            try:
                yield cell.cell_contents, name, False, False, codes
            except ValueError:  # it is not bound yet
                continue
        defaults = function.__defaults__ or ()
        count = function.__code__.co_argcount
        for name, value in zip(function.__code__.co_varnames[count - len(defaults) : count], defaults):
            yield value, name, False, False, codes
        for name, value in (function.__kwdefaults__ or {}).items():
            yield value, name, False, False, codes
    for _ in range(16):
        holder = getattr(called, "__self__", None)
        if holder is not None and type(holder) is not ModuleType:
            yield holder, "", False, False, codes
        if type(called).__name__ == _CACHE:
            for value in gc.get_referents(called):
                if type(value) is not FunctionType:
                    yield value, "cache", True, True, codes
        following = getattr(called, "__func__", None) or getattr(called, "__wrapped__", None)
        if following is None:
            return
        called = following


def _contents(
    value: Any, name: str, is_inside: bool, is_cache: bool, codes: tuple[CodeType, ...]
) -> Iterator[tuple[Any, str, bool, bool, tuple[CodeType, ...]]]:
    """Yield what a value holds, with the innermost name on the way."""
    kind = type(value)
    if kind in _ATOMS or kind is FunctionType:
        return
    if is_cache:
        for inner in gc.get_referents(value):
            yield inner, name, True, True, codes
    elif issubclass(kind, dict):
        for inner in list(dict.values(value)):
            yield inner, name, True, False, codes
    elif kind is CellType:
        return
    elif kind is ModuleType:
        names = {used for code in codes for used in code.co_names}
        for attribute in names & vars(value).keys():
            yield vars(value)[attribute], attribute, False, False, codes
    elif issubclass(kind, type):
        for owner in (*type.__getattribute__(value, "__mro__")[:-1], type(value)):
            if owner is not type:
                for attribute, inner in list(vars(owner).items()):
                    yield inner, attribute, False, False, codes
    elif kind.__module__ in ("weakref", "collections"):  # a dictionary that has one inside
        for _, inner in _attributes(value):
            yield inner, name, True, False, codes
    elif kind not in (list, tuple, set, frozenset, MappingProxyType) and kind.__module__ != "builtins":
        used = (*codes, *_methods_named(kind, codes))
        for attribute, inner in _attributes(value):
            yield inner, attribute, False, False, used


def _methods_named(kind: type, codes: tuple[CodeType, ...]) -> Iterator[CodeType]:
    """Yield the code of those methods of a class that some code calls by their names."""
    names = {name for code in codes for name in code.co_names}
    for base in kind.__mro__[:-1]:
        for name in names & vars(base).keys():
            for function in _functions(vars(base)[name]):
                if function.__code__ not in codes:
                    yield from _codes(function.__code__)


def _attributes(value: Any) -> list[tuple[str, Any]]:
    try:
        found = list(object.__getattribute__(value, "__dict__").items())
    except Exception:  # it has none, or makes up its own
        found = []
    for base in type(value).__mro__:
        for name, descriptor in list(vars(base).items()):
            if type(descriptor).__name__ == "member_descriptor":
                try:
                    found.append((name, descriptor.__get__(value)))
                except AttributeError:  # nothing is stored there
                    continue
    found.extend(
        (name, inner)
        for name, inner in list(vars(type(value)).items())
        if issubclass(type(inner), (dict, type(value)))
    )
    return found
