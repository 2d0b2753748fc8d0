"""Finds how many entries a cache may have: by what it says of itself, and by the code that releases them."""

from __future__ import annotations

import dis
import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.sharing.anatomy import bases_of, namespace_of_class, slots_of

NEAREST = 4
"""Holders next to an instance that are asked for a bound."""

BEFORE_LENGTH = 3
"""Instructions before `len` in which the other side of a comparison may stand."""

BY_AGE = 2**31 - 1
"""The bound where entries go by their age: as many as come in that time."""

_BOUND_NAME = re.compile(r"(?i)max|limit|capacity|bound")
_CLOCKS = frozenset({"monotonic", "monotonic_ns", "now", "perf_counter", "time", "time_ns", "utcnow"})
_RELEASES = frozenset({"pop", "popitem", "popleft", "remove", "discard", "clear"})


class _Code(NamedTuple):
    """A function's code, and where it finds the names it uses."""

    code: CodeType
    names: Mapping[str, Any]


def bound_of(chain: Sequence[Any]) -> int:
    """Return how many entries may be held; 0 where nothing says it.

    Args:
        chain: objects, each of which holds the next: a module, holders, and last what is held.
    """
    holders = chain[1:-1][-NEAREST:]
    bounds = [_own_bound(holder) for holder in holders]
    bounds += [_bound_in_code(holder, chain[place:]) for place, holder in enumerate(chain[:-1], 1)]
    if len(chain) >= 3:
        bounds.append(_bound_beside(chain[0], chain[1]))
    return max(bounds, default=0)


def _own_bound(holder: Any) -> int:
    """Return the bound that a cache declares on itself."""
    kind = type(holder)
    if kind is deque:
        return holder.maxlen or 0
    if kind.__name__ == "_lru_cache_wrapper":
        size = holder.cache_parameters().get("maxsize")
        return size if type(size) is int else 0
    names = namespace_of_class(holder) if issubclass(kind, type) else _stored_in(holder)
    return max((value for key, value in list(names.items()) if _is_bound(key, value)), default=0)


def _bound_beside(module: Any, holder: Any) -> int:
    """Return a bound among a module's names that a function reads which also names what the module holds."""
    names = namespace_of(module)
    held_as = {key for key, value in list(names.items()) if value is holder}
    bounds = {key: value for key, value in list(names.items()) if _is_bound(key, value)}
    used = {
        name
        for code, _ in _functions(names.values())
        if held_as.intersection(code.co_names)
        for name in code.co_names
    }
    return max((bounds[name] for name in used & bounds.keys()), default=0)


def _bound_in_code(holder: Any, below: Sequence[Any]) -> int:
    """Return the number that code compares the length of what is held with, where entries are released."""
    names: Mapping[str, Any]
    if issubclass(type(holder), ModuleType):
        names = namespace_of(holder)
        functions = list(_functions(names.values()))
    elif issubclass(type(holder), type):
        names = namespace_of_class(holder)
        functions = list(_functions(names.values()))
    else:
        names = _stored_in(holder)
        functions = [each for base in bases_of(type(holder)) for each in _functions(vars(base).values())]
    held_as = {key for key, value in list(names.items()) if any(value is each for each in below)}
    about_it = [each for each in functions if held_as.intersection(each.code.co_names)]
    releasing = [each for each in about_it if _releases(each.code)]
    if not releasing:
        return 0
    if any(_goes_by_age(each.code) and _is_called(each.code, functions) for each in releasing):
        return BY_AGE
    return max((bound for each in about_it for bound in _compared(each, held_as, names)), default=0)


def _releases(code: CodeType) -> bool:
    if not _RELEASES.isdisjoint(code.co_names):
        return True
    return any(instruction.opname == "DELETE_SUBSCR" for instruction in dis.get_instructions(code))


def _goes_by_age(code: CodeType) -> bool:
    """Does it read a clock and compare, where it releases?"""
    has_clock = not _CLOCKS.isdisjoint(code.co_names)
    return has_clock and any(each.opname == "COMPARE_OP" for each in dis.get_instructions(code))


def _is_called(code: CodeType, functions: Collection[_Code]) -> bool:
    """Does other code name it, or does it add entries itself? A clean-up that nobody calls is none."""
    if any(code.co_name in each.code.co_names for each in functions if each.code is not code):
        return True
    return any(each.opname == "STORE_SUBSCR" for each in dis.get_instructions(code))


def _compared(function: _Code, held_as: Collection[str], names: Mapping[str, Any]) -> Iterator[int]:
    """Yield the numbers that the length of what is held is compared with."""
    if "len" not in function.code.co_names:
        return
    instructions = list(dis.get_instructions(function.code))
    for place, instruction in enumerate(instructions):
        if instruction.argval != "len":
            continue
        call = _next(instructions, place, "CALL")
        end = _next(instructions, call, "COMPARE_OP")
        if any(each.argval in held_as for each in instructions[place:call] if type(each.argval) is str):
            after = [_number(each, names, function.names) for each in instructions[call + 1 : end]]
            before = instructions[max(0, place - BEFORE_LENGTH) : place] if end == call + 1 else []
            yield from after
            yield from (_number(each, names, function.names) for each in before)


def _next(instructions: Sequence[dis.Instruction], place: int, name: str) -> int:
    """Return where the next instruction of that kind is; the same place where there is none."""
    following = range(place + 1, len(instructions))
    return next((at for at in following if instructions[at].opname.startswith(name)), place)


def _number(instruction: dis.Instruction, names: Mapping[str, Any], variables: Mapping[str, Any]) -> int:
    value = instruction.argval
    if type(value) is str:
        value = names.get(value, variables.get(value))
    elif "CONST" not in instruction.opname and "SMALL_INT" not in instruction.opname:
        return 0
    return value if type(value) is int and value > 0 else 0


def _functions(values: Collection[Any]) -> Iterator[_Code]:
    """Yield the functions among values, those of classes too, as they were before anything wrapped them."""
    for value in list(values):
        if issubclass(type(value), type):
            yield from _functions([each for each in vars(value).values() if not issubclass(type(each), type)])
            continue
        function = value
        for _ in range(NEAREST):
            inner = getattr(function, "__wrapped__", None) if _is_wrapper(function) else None
            if inner is None:
                break
            function = inner
        function = getattr(function, "__func__", function) if _is_wrapper(function) else function
        if type(function) is FunctionType:
            yield _Code(function.__code__, function.__globals__)


def _is_wrapper(value: Any) -> bool:
    """May it be asked for what it wraps, without a call of the application's code?"""
    kind = type(value)
    return kind in (FunctionType, classmethod, staticmethod) or kind.__module__ in (
        "functools",
        "ssot_probe.observe.observed_function",
    )


def _is_bound(name: object, value: object) -> bool:
    return type(value) is int and value > 0 and type(name) is str and bool(_BOUND_NAME.search(name))


def _stored_in(holder: Any) -> Mapping[str, Any]:
    """Return what an object and its classes store by name."""
    found: dict[str, Any] = {}
    for base in reversed(bases_of(type(holder))):
        found.update(namespace_of_class(base))
    for name, slot in slots_of(type(holder)):
        try:
            found[name] = slot.__get__(holder)
        except AttributeError:  # not set
            continue
    try:
        names = object.__getattribute__(holder, "__dict__")
    except AttributeError:
        return found
    return {**found, **names} if type(names) is dict else found
