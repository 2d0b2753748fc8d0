"""Finds the functions of a module, and the code of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from gc import get_referents
from types import CodeType, FunctionType
from typing import Any

from ssot_probe.observe.sharing.anatomy import namespace_of_class
from ssot_probe.observe.sharing.edges import is_own, snapshot
from ssot_probe.observe.sharing.kinds import is_wrapt

_code_of = FunctionType.__dict__["__code__"].__get__


def functions_in(value: Any) -> list[Any]:
    """Return the functions that an entry of a namespace stands for: wrappers around them are seen through."""
    if type(value) is FunctionType:
        return [value]
    cls = type(value)  # compared by identity: its metaclass may have an equality of its own
    if cls is staticmethod or cls is classmethod or cls is property or is_wrapt(cls):
        return [each for each in get_referents(value) if type(each) is FunctionType and not is_own(each)]
    return []


def functions_of(names: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the functions of a module and the methods of its classes."""
    for value in snapshot(lambda: list(names.values())):
        if issubclass(type(value), type):
            for each in list(namespace_of_class(value).values()):
                yield from functions_in(each)
        else:
            yield from functions_in(value)


def code_of(function: Any) -> Iterator[CodeType]:
    """Yield the code of a function and of what is defined within."""
    return _with_nested(_code_of(function))


def _with_nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from _with_nested(constant)
