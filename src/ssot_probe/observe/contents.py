"""Sorts what a module or class holds, in one pass: most of it is neither a class nor a function."""

from __future__ import annotations

from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from ssot_probe.observe.candidates import plain_function

_PLAIN = frozenset(
    {
        *(bool, bytes, complex, dict, float, frozenset, int, list, object, range, set, str, tuple),
        *(type(None), type(Ellipsis), type(NotImplemented)),
        *(BuiltinFunctionType, MappingProxyType, ModuleType, property),
        *(GetSetDescriptorType, MemberDescriptorType, MethodDescriptorType, WrapperDescriptorType),
    }
)
"""Exact types of what holds no class, no function and is no instance of the project's classes."""


class Contents:
    """What a module or class holds.

    Attributes:
        classes: name and class.
        functions: name, value as stored, and the innermost Python function, for those that are the
            module's own; without those whose names begin with two underscores.
        others: name and value of what may be an instance of some class.
    """

    __slots__ = ("classes", "functions", "others")

    def __init__(self, holder: type | ModuleType, module: str) -> None:
        self.classes: list[tuple[str, type]] = []
        self.functions: list[tuple[str, Any, FunctionType]] = []
        self.others: list[tuple[str, Any]] = []
        for name, value in [item for item in list(vars(holder).items()) if type(item[1]) not in _PLAIN]:
            is_function = type(value) is FunctionType
            if not is_function and issubclass(type(value), type):
                self.classes.append((name, value))
                continue
            function = None if name.startswith("__") else plain_function(value)
            if function is not None:
                if function.__module__ == module:
                    self.functions.append((name, value, function))
            elif not is_function:
                self.others.append((name, value))
