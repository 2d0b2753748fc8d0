"""Names the step from an object to one that it holds, by names from source code only.

A key, or an attribute that was set by a computed name, may be a user's id.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
    TracebackType,
)
from typing import Any

from ssot_probe.observe.modules import namespace_of

_SEQUENCES = (list, tuple, set, frozenset, deque)

_PLAIN: dict[type, str] = {
    TracebackType: "traceback",
    CellType: "a variable of a closure",
    MethodType: "bound method",
    BuiltinFunctionType: "bound method",
    partial: "partial",
    CoroutineType: "coroutine",
    GeneratorType: "generator",
}

_BY_NAME = {
    "Task": "Task",
    "Future": "Future",
    "TimerHandle": "timer",
    "Handle": "callback",
    "Timer": "timer",
    "_lru_cache_wrapper": "a cached result",
}


def edge(holder: Any, held: Any) -> str:
    """Return what leads from `holder` to `held`."""
    kind = type(holder)
    if issubclass(kind, ModuleType):
        return _key_of(namespace_of(holder), held) or "a name"
    if issubclass(kind, dict):
        return f"a value of a {kind.__name__}" if _key_of(holder, held) else f"a key of a {kind.__name__}"
    if issubclass(kind, _SEQUENCES):
        return f"an item of a {kind.__name__}"
    if kind is FrameType:
        return _variable(holder, held)
    if kind is FunctionType:
        return f"function {holder.__name__}"
    if issubclass(kind, BaseException):
        return "exception"
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind.__module__ in ("_asyncio", "asyncio.events", "asyncio.tasks", "threading", "functools"):
        return _BY_NAME.get(kind.__name__, f"a {kind.__name__}")
    return attribute(holder, held) or f"a {kind.__name__}"


def attribute(holder: Any, held: Any) -> str:
    """Return the attribute of an object, or of a class, that holds another one; "" where no name is known."""
    is_class = issubclass(type(holder), type)
    owner: type = holder if is_class else type(holder)
    written = set(_names_in(owner))
    try:
        stored = dict(vars(holder)) if is_class else object.__getattribute__(holder, "__dict__")
    except (AttributeError, TypeError):
        stored = {}
    for name, value in list(stored.items()):
        if value is held:
            # The names of classes come from source, but not all that objects are given at run time.
            return name if is_class or name in written else "an attribute"
    for base in owner.__mro__:
        for name, descriptor in list(vars(base).items()):
            if type(descriptor).__name__ == "member_descriptor" and not is_class:
                try:
                    if descriptor.__get__(holder) is held:
                        return name
                except AttributeError:  # the slot is empty
                    continue
    return ""


def _names_in(owner: type) -> Iterator[str]:
    """Return the names that the methods of a class and of its bases, and their annotations, use."""
    for base in owner.__mro__[:-1]:
        for value in list(vars(base).values()):
            function = getattr(value, "__wrapped__", getattr(value, "__func__", value))
            if type(function) is FunctionType:
                yield from _names_of(function.__code__)
        annotations = vars(base).get("__annotations__")
        if type(annotations) is dict:
            yield from annotations


def _names_of(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_of(constant)


def _variable(frame: FrameType, held: Any) -> str:
    code = frame.f_code
    for name in (*code.co_varnames, *code.co_cellvars, *code.co_freevars):
        if frame.f_locals.get(name) is held:
            return f"frame of {code.co_name}, variable {name}"
    return f"frame of {code.co_name}"


def _key_of(names: dict[Any, Any], held: Any) -> str:
    return next((str(key) for key, value in list(names.items()) if value is held), "")


def is_namespace(holder: Any, held: Any) -> bool:
    """Is `held` the dictionary in which an object, or a class, keeps its attributes?"""
    if type(held) is not dict:
        return False
    if issubclass(type(holder), type):
        return True
    try:
        return object.__getattribute__(holder, "__dict__") is held
    except (AttributeError, TypeError):
        return False
