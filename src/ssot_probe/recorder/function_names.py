"""Names the function that a code object belongs to: Python keeps the qualified name in it since 3.11 only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, ModuleType

from ssot_probe.observe.candidates import plain_function
from ssot_probe.observe.modules import namespace_of

MOST_CODES = 20_000
"""Code objects whose names are kept."""


class FunctionNames:
    """Before 3.11, looks for the code among the functions and classes of its module."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[CodeType, str]] = {}

    def of(self, code: CodeType, module: str) -> str:
        """Return the qualified name of a function of the module; its own name where it is not found there."""
        name: str = getattr(code, "co_qualname", "")
        if name or code.co_name.startswith("<"):
            return name or code.co_name
        known = self._known.get(id(code))
        if known is None or known[0] is not code:
            if len(self._known) >= MOST_CODES:
                self._known.clear()
            for found, qualname in _functions(sys.modules.get(module)):
                self._known[id(found)] = (found, qualname)
            known = self._known.get(id(code))
            if known is None or known[0] is not code:
                known = self._known[id(code)] = (code, code.co_name)
        return known[1]


def _functions(module: ModuleType | None) -> Iterator[tuple[CodeType, str]]:
    names = namespace_of(module)
    for value in list(names.values()):
        yield from _inside(value, str(names.get("__name__", "")), 0)


def _inside(value: object, module: str, depth: int) -> Iterator[tuple[CodeType, str]]:
    if issubclass(type(value), type):
        cls: type = value  # type: ignore[assignment]
        if cls.__module__ == module and depth < 4:
            for inner in list(vars(cls).values()):
                yield from _inside(inner, module, depth + 1)
        return
    if type(value) is property:
        value = value.fget
    function = plain_function(value)
    if function is not None and function.__module__ == module:
        yield function.__code__, function.__qualname__
        yield from _nested(function.__code__, function.__qualname__)


def _nested(code: CodeType, name: str) -> Iterator[tuple[CodeType, str]]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner = f"{name}.<locals>.{constant.co_name}"
            yield constant, inner
            yield from _nested(constant, inner)
