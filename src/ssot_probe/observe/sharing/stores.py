"""Reads from the code of functions whether a name of a module, or of a class, ever gets another value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

from ssot_probe.observe.sharing.anatomy import namespace_of_class
from ssot_probe.observe.sharing.edges import snapshot
from ssot_probe.observe.sharing.functions import code_of, functions_in, functions_of

_globals_of = FunctionType.__dict__["__globals__"].__get__

_BY_NAME = frozenset({"setattr", "patch"})
"""What gives an attribute a value whose name is a text."""

Modules = Mapping[str, Mapping[str, Any]]
"""Namespaces by name of the module."""


def stores_in_module(name: str, namespace: Mapping[str, Any], modules: Modules) -> bool:
    """Does any function of the modules give the global a new value?

    Args:
        name: of the global.
        namespace: of its module.
        modules: those whose functions are looked at.
    """
    from opcode import opmap

    for names in modules.values():
        for function in functions_of(names):
            is_own = _globals_of(function) is namespace
            for code in code_of(function):
                if is_own and "globals" in code.co_names and name in code.co_consts:
                    return True
                if _sets_by_name(code, name) and _mentions(function, code, namespace):
                    return True
                if name not in code.co_names:
                    continue
                if is_own and _stores(code, name, opmap["STORE_GLOBAL"], opmap["EXTENDED_ARG"]):
                    return True
                if _stores(code, name, opmap["STORE_ATTR"], opmap["EXTENDED_ARG"]) and _mentions(
                    function, code, namespace
                ):
                    return True
    return False


def stores_in_class(name: str, holder: str, module: str, modules: Modules) -> bool:
    """Does any function of the modules give the attribute of a class a new value, on the class itself?

    Args:
        name: of the attribute.
        holder: name of the class.
        module: that the class is defined in.
        modules: those whose functions are looked at.
    """
    for function, first in _own_functions(holder, modules.get(module, {})):
        for code in code_of(function):
            if _sets_by_name(code, name) or _stores_on(code, name, {holder, first, "__class__", "type"}):
                return True
    return any(
        _stores_on(code, name, {holder}) or (_sets_by_name(code, name) and holder in code.co_names)
        for names in modules.values()
        for function in functions_of(names)
        for code in code_of(function)
    )


def _own_functions(holder: str, names: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    """Yield the functions of a class; of a class method with the name by which it knows the class, or ""."""
    cls = names.get(holder)
    if cls is None or not issubclass(type(cls), type):
        return
    for value in snapshot(lambda: list(namespace_of_class(cls).values())):
        for function in functions_in(value):
            first: tuple[str, ...] = function.__code__.co_varnames[:1] if type(value) is classmethod else ()
            yield function, first[0] if first else ""


def _sets_by_name(code: CodeType, name: str) -> bool:
    return name in code.co_consts and not _BY_NAME.isdisjoint(code.co_names)


def _stores_on(code: CodeType, name: str, holders: set[str]) -> bool:
    """Does the code store the attribute on what one of these names stands for, or `type()` returns?"""
    if name not in code.co_names:
        return False
    from dis import get_instructions

    before, called = "", ""
    for instruction in get_instructions(code):
        if instruction.opname in ("CACHE", "EXTENDED_ARG", "PRECALL"):
            continue
        if instruction.opname == "STORE_ATTR" and instruction.argval == name and before in holders:
            return True
        value = instruction.argval
        if instruction.opname.startswith("CALL"):
            before = "type" if called == "type" else ""
        elif instruction.opname.startswith("LOAD_"):
            before = value[-1] if type(value) is tuple else value if type(value) is str else ""
            if before == "type":
                called = before
        else:
            before = called = ""
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
