"""What a look asks of each type again and again, found out once."""

from __future__ import annotations

from collections import deque
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CellType,
    CoroutineType,
    FunctionType,
    GeneratorType,
    MethodType,
    MethodWrapperType,
)
from typing import Any, NamedTuple, Optional

from ssot_probe.observe.sharing.anatomy import (
    DictGetter,
    bases_of,
    dict_getter,
    names_of_bases,
    qualified_name,
    slots_of,
)

RUNNING = (CoroutineType, GeneratorType, AsyncGeneratorType)

_COLLECTIONS = (list, tuple, set, frozenset, deque)
_PASSED = (tuple, MethodType, MethodWrapperType, BuiltinFunctionType, FunctionType, CellType)
_WORK = frozenset({"_asyncio:Task", "asyncio.tasks:Task", "threading:Thread"})
_NUMBERS = frozenset({"array:array", "numpy:ndarray"})


class Traits(NamedTuple):
    """What a type is like."""

    name: str  # qualified
    bases: tuple[type, ...]
    collection: Optional[type]  # the built-in one that it is derived from, but for dictionaries
    dict_getter: Optional[DictGetter]  # None for classes, too
    slots: tuple[tuple[str, Any], ...]
    is_reference: bool  # a weak one
    is_looked_through: bool  # a tuple, method, closure, partial or wrapper
    is_thread_local: bool
    is_work: bool  # a running task or thread, or the body of one
    has_numbers: bool  # outside of the interpreter's objects


class TraitsOfTypes(dict[type, Traits]):
    """Finds out about a type when it is first asked for."""

    def __missing__(self, cls: type) -> Traits:
        bases, names = bases_of(cls), names_of_bases(cls)
        name = qualified_name(cls)
        traits = self[cls] = Traits(
            name,
            bases,
            next((base for base in _COLLECTIONS if base in bases), None),
            None if type in bases else dict_getter(cls),
            tuple(slots_of(cls)),
            "weakref:ReferenceType" in names,
            cls in _PASSED or name == "functools:partial" or is_wrapt(cls),
            "_thread:_local" in names,
            cls in RUNNING or not names.isdisjoint(_WORK),
            name in _NUMBERS,
        )
        return traits


def is_wrapt(cls: type) -> bool:
    """Is it a type of wrapt's wrappers, or derived from one?"""
    # Those of older versions, which are of C, claim to be built in.
    return any(
        name.startswith(("wrapt.", "wrapt:", "_wrappers:", "builtins:ObjectProxy"))
        for name in map(qualified_name, bases_of(cls))
    )
