"""Reads the code of functions: which names it mentions, and which it stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from gc import get_referents
from types import CodeType, FunctionType, ModuleType
from typing import Any

from ssot_probe.observe.sharing.anatomy import namespace_of_class
from ssot_probe.observe.sharing.edges import is_own, snapshot
from ssot_probe.observe.sharing.kinds import is_wrapt

_code_of = FunctionType.__dict__["__code__"].__get__
_globals_of = FunctionType.__dict__["__globals__"].__get__


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


def stores_in_module(
    name: str, namespace: Mapping[str, Any], modules: Mapping[str, Mapping[str, Any]]
) -> bool:
    """Does any function of the modules give the global a new value?

    Args:
        name: of the global.
        namespace: of its module.
        modules: namespaces whose functions are looked at.
    """
    from opcode import opmap

    for names in modules.values():
        for function in functions_of(names):
            for code in code_of(function):
                if name not in code.co_names:
                    continue
                if _globals_of(function) is namespace and _stores(
                    code, name, opmap["STORE_GLOBAL"], opmap["EXTENDED_ARG"]
                ):
                    return True
                if _stores(code, name, opmap["STORE_ATTR"], opmap["EXTENDED_ARG"]) and _mentions(
                    function, code, namespace
                ):
                    return True
    return False


def _mentions(function: Any, code: CodeType, namespace: Mapping[str, Any]) -> bool:
    """Does the code name the module that the namespace belongs to?"""
    names = _globals_of(function)
    module = namespace.get("__name__")
    return any(
        type(named := names.get(each)) is ModuleType and named.__name__ == module for each in code.co_names
    )


def _stores(code: CodeType, name: str, operation: int, extension: int) -> bool:
    position = code.co_names.index(name)
    extended = 0
    instructions = code.co_code
    for at in range(0, len(instructions), 2):
        argument = extended | instructions[at + 1]
        if instructions[at] == operation and argument == position:
            return True
        extended = argument << 8 if instructions[at] == extension else 0
    return False


def _with_nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if type(constant) is CodeType:
            yield from _with_nested(constant)
