"""The `__init__` that a class without one of its own is given, so that its constructions can be heard."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from ssot_probe.observe.candidates import plain_function


def inherited_constructor(cls: type) -> tuple[type, Any] | None:
    """Return the base whose `__init__` constructs the class, None where it is not Python's or is special."""
    if any(base.__module__ == "typing" and base.__name__ == "Protocol" for base in cls.__mro__):
        return None  # typing moves __init__ methods about at the first construction
    for base in cls.__mro__[1:]:
        value = vars(base).get("__init__")
        if base is object:
            creator = _creator(cls)
            is_plain = creator is vars(object)["__new__"] or plain_function(creator) is not None
            return (base, value) if is_plain else None
        if value is not None:
            return (base, value) if plain_function(value) is not None else None
    return None


def shown_constructor(cls: type, inherited: FunctionType | None) -> FunctionType:
    """Return the function whose parameters the class shows, as the added `__init__` is to show them."""
    shown: Any = inherited or plain_function(_creator(cls)) or _without_arguments
    return shown  # type: ignore[no-any-return]


def _creator(cls: type) -> Any:
    """Return the `__new__` that constructs the class, as it stands in a dictionary."""
    return next(vars(base)["__new__"] for base in cls.__mro__ if "__new__" in vars(base))


def passing_on(cls: type) -> Callable[..., Any]:
    """Return a function that does what constructing did while `cls` had no `__init__` of its own."""

    def ssot_probe_next_constructor(instance: Any, *args: Any, **kwargs: Any) -> Any:
        following = _after(cls, instance).__init__
        if getattr(following, "__objclass__", None) is not object:
            return following(*args, **kwargs)
        if (args or kwargs) and getattr(type(instance), "__new__", None) is object.__new__:
            raise TypeError(f"{type(instance).__name__}() takes no arguments")
        return None

    return ssot_probe_next_constructor


def _after(cls: Any, instance: Any) -> Any:
    return super(cls, instance)


def _without_arguments(self):  # type: ignore[no-untyped-def]
    return None


# What a class without `__init__` shows.
_without_arguments.__name__ = "__init__"
_without_arguments.__qualname__ = "object.__init__"
_without_arguments.__doc__ = object.__init__.__doc__
