"""Sorts what a module or class holds, in one pass: most of it is neither a class nor a function."""

from __future__ import annotations

from functools import cached_property, partial
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

from ssot_probe.observe.candidates import HANDING_OUT, plain_function
from ssot_probe.observe.census import is_strange

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
        classes: name and class, of those that can be looked up in a table.
        functions: name, value as stored, and the innermost Python function, for those that are the
            module's own; of those whose names begin with two underscores only what may hand things out.
        others: name and value of what may be an instance of some class.
        strange: name and class, of those whose metaclass compares or hashes them.
    """

    __slots__ = ("classes", "functions", "others", "strange")

    def __init__(self, holder: type | ModuleType, module: str) -> None:
        self.classes: list[tuple[str, type]] = []
        self.strange: list[tuple[str, type]] = []
        self.functions: list[tuple[str, Any, FunctionType]] = []
        self.others: list[tuple[str, Any]] = []
        spoken = HANDING_OUT if isinstance(holder, type) and not issubclass(holder, type) else ()
        for name, value in [item for item in list(vars(holder).items()) if type(item[1]) not in _PLAIN]:
            is_function = type(value) is FunctionType
            if not is_function and issubclass(type(value), type):
                (self.strange if is_strange(value) else self.classes).append((name, value))
                continue
            function = None if name.startswith("__") and name not in spoken else _function_of(value)
            if function is not None:
                function = _own(function, name, module)
                if function is not None:
                    self.functions.append((name, value, function))
            elif not is_function:
                self.others.append((name, value))

    @property
    def spoken_of(self) -> dict[str, tuple[str, ...]]:
        """The names that the code of each function speaks of."""
        return {name: function.__code__.co_names for name, _, function in self.functions}


def _function_of(value: Any) -> FunctionType | None:
    if type(value) is partial or type(value) is cached_property:
        value = value.func
    return plain_function(value)


def _own(function: FunctionType, name: str, module: str) -> FunctionType | None:
    """Return the module's own function: this one, or that around which a plain decorator has put it."""
    for cell in function.__closure__ or ():
        try:
            inner = plain_function(cell.cell_contents)
        except ValueError:  # the cell is empty
            continue
        if inner is not None and inner.__module__ == module and inner.__name__ == name:
            return inner
    return function if function.__module__ == module else None
