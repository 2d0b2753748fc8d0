"""Which functions may hand out instances of a concept: a guess that only decides what is listened to."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from opcode import opmap
from types import CodeType, FunctionType

from ssot_probe.model.concepts import lower_words

MAKING_WORDS = frozenset(
    {
        *(
            "acquire",
            "build",
            "create",
            "current",
            "default",
            "ensure",
            "for",
            "from",
            "get",
            "init",
            "instance",
        ),
        *("load", "lookup", "make", "new", "obtain", "of", "open", "provide", "resolve", "setup", "shared"),
    }
)
"""First words of names that makers carry: `get_manager`, `create_session_store`."""

HANDING_OUT = frozenset({"__enter__", "__aenter__", "__call__"})
"""Methods that the language calls and that may hand out what the object was made for."""

_LOAD_CONST, _RETURN_VALUE = opmap["LOAD_CONST"], opmap["RETURN_VALUE"]
_TRANSPARENT = frozenset(
    {
        *("_lru_cache_wrapper", "BoundFunctionWrapper", "FunctionWrapper"),
        *("ObservedBoundMethod", "ObservedConstructor", "ObservedFunction"),
    }
)
_NAME = re.compile(r"\w+")
_GENERATOR_FLAGS = 0x20 | 0x200  # CO_GENERATOR, CO_ASYNC_GENERATOR
_COROUTINE_FLAG = 0x80  # CO_COROUTINE


def plain_function(value: object) -> FunctionType | None:
    """Return the Python function under a static method, class method, decorator or cache."""
    for _ in range(16):  # decorators stack, but not for ever
        if type(value) is FunctionType:
            inner = getattr(value, "__wrapped__", None)  # `vars` would give each function a dictionary
            if inner is None:
                return value
            value = inner
        elif issubclass(type(value), (staticmethod, classmethod)):  # `isinstance` would load a lazy object
            value = value.__func__  # type: ignore[attr-defined]
        elif type(value).__name__ in _TRANSPARENT:
            value = value.__wrapped__  # type: ignore[attr-defined]
        else:
            return None
    return None


def is_coroutine(code: CodeType) -> bool:
    """Is it the code of an `async def` without `yield`?"""
    return bool(code.co_flags & _COROUTINE_FLAG)


def is_generator(code: CodeType) -> bool:
    """Is it the code of a generator or an async generator?"""
    return bool(code.co_flags & _GENERATOR_FLAGS)


def returns_something(code: CodeType) -> bool:
    """Does the code return anything but a constant?"""
    before = 0
    for opcode in code.co_code[::2]:
        if opcode == _RETURN_VALUE and before != _LOAD_CONST:
            return True
        if opcode:  # 0 fills inline caches
            before = opcode
    return False


def may_make(
    function: FunctionType,
    owner: str,
    says_class: Callable[[str], bool],
    role_words: Collection[str],
    name: str = "",
) -> bool:
    """May the function return an instance of an observed class?

    It may when its code names such a class, when its return annotation does, or when it is called like a
    maker of such a thing. Functions that return nothing are left out.

    Args:
        function: the innermost function.
        owner: name of the class or module that it stands in; its words count for a name of one word, as in
            `ManagerRegistry.get`.
        says_class: is a name that of an observed class, or of a maker that is known?
        role_words: lower-case words that observed classes are called by, such as "manager".
        name: what the owner calls it, where a function has none of its own.
    """
    code = _written_code(function.__code__)
    called = name if code.co_name == "<lambda>" else code.co_name
    return (
        any(map(says_class, code.co_names))
        or any(map(says_class, names_in(_return_annotation(function))))
        or _is_called_like_a_maker(called, owner, role_words)
    ) and (is_generator(code) or returns_something(code))


def _written_code(code: CodeType) -> CodeType:
    """Return what was written: a tracer may have put code in its place that calls it as a constant."""
    for constant in code.co_consts:
        if type(constant) is FunctionType and constant.__code__.co_name == code.co_name:
            return constant.__code__
    return code


@lru_cache(maxsize=4096)
def names_in(annotation: str) -> tuple[str, ...]:
    """Return the names that an annotation is made of."""
    return tuple(_NAME.findall(annotation))


def _is_called_like_a_maker(name: str, owner: str, role_words: Collection[str]) -> bool:
    first, *others = _lower_parts(name)
    others = [word for word in others if word not in MAKING_WORDS]  # `get_instance` is called by its class
    return (first in MAKING_WORDS or name in HANDING_OUT) and any(
        word in role_words or word.rstrip("s") in role_words for word in others or lower_words(owner)
    )


@lru_cache(maxsize=4096)
def _lower_parts(name: str) -> tuple[str, ...]:
    return tuple(name.strip("_").lower().split("_"))


def _return_annotation(function: FunctionType) -> str:
    try:
        annotation = function.__annotations__.get("return")
    except Exception:  # annotations that are evaluated late may name what does not exist
        return ""
    if isinstance(annotation, str):
        return annotation
    return annotation.__name__ if isinstance(annotation, type) else ""
