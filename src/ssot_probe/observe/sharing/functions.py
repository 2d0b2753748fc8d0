"""Finds the functions of a module, and the code of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from gc import get_referents
from types import CodeType, FunctionType
from typing import Any

from ssot_probe.observe.sharing.anatomy import namespace_of_class, qualified_name
from ssot_probe.observe.sharing.edges import is_own, snapshot
from ssot_probe.observe.sharing.traits import is_wrapt

MOST_LAYERS = 32
"""Around one function that are seen through."""

_CALLERS = frozenset({"functools:_lru_cache_wrapper", "functools:partial"})
_code_of = FunctionType.__dict__["__code__"].__get__
_cells_of = FunctionType.__dict__["__closure__"].__get__


def functions_in(value: Any) -> list[Any]:
    """Return the functions that an entry of a namespace stands for: wrappers around them are seen through."""
    if type(value) is FunctionType:
        return [value]
    return _below(value, _is_wrapper)


def functions_of(names: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the functions of a module and the methods of its classes, with those inside of decorators."""
    for value in snapshot(lambda: list(names.values())):
        if issubclass(type(value), type):
            for each in list(namespace_of_class(value).values()):
                yield from _below(each, _is_decorator)
        else:
            yield from _below(value, _is_decorator)


def _below(value: Any, is_entered: Callable[[type], bool]) -> list[Any]:
    """Return the functions that are found from a value through objects of some types."""
    found: list[Any] = []
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < MOST_LAYERS:
        each = waiting.pop()
        cls = type(each)  # compared by identity: its metaclass may have an equality of its own
        if id(each) in seen:
            continue
        if cls is FunctionType:
            if is_own(each):
                continue
            found.append(each)
        if is_entered(cls):
            seen.add(id(each))
            waiting += _parts_of(each)
    return found


def _is_wrapper(cls: type) -> bool:
    return cls is staticmethod or cls is classmethod or cls is property or is_wrapt(cls)


def _is_decorator(cls: type) -> bool:
    return (
        cls is FunctionType or cls is cached_property or _is_wrapper(cls) or qualified_name(cls) in _CALLERS
    )


def _parts_of(layer: Any) -> list[Any]:
    if type(layer) is FunctionType:
        return [each for cell in _cells_of(layer) or () for each in get_referents(cell)]
    if type(layer) is cached_property:
        return [layer.func]
    return get_referents(layer)


def code_of(function: Any) -> Iterator[CodeType]:
    """Yield the code of a function and of what is defined within."""
    return _with_nested(_code_of(function))


def _with_nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from _with_nested(constant)
