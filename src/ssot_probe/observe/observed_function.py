"""What stands in the place of an observed function. Loads wrapt, which loads asyncio, email and more."""

from __future__ import annotations

import sys
from copy import deepcopy
from functools import partial
from operator import itemgetter
from types import FunctionType, MethodType
from typing import Any

from wrapt import BoundFunctionWrapper, CallableObjectProxy, FunctionWrapper

FRAMES = int(isinstance(FunctionWrapper.__call__, FunctionType))
"""Frames between a caller and a wrapper: none of wrapt's extension in C, one of what it has instead."""


class _CalledByOthers(type(BoundFunctionWrapper)):  # type: ignore[misc]
    """Gives whoever calls the class a method: `weakref.WeakMethod` calls `type(method)(function, instance)`.

    wrapt itself, which makes one for each access, calls past this: see `ObservedFunction`.
    """

    def __call__(cls, function: Any, instance: Any) -> Any:
        return MethodType(function, instance)


class ObservedBoundMethod(  # type: ignore[misc,unused-ignore]
    BoundFunctionWrapper,  # type: ignore[type-arg,unused-ignore]
    metaclass=_CalledByOthers,
):
    """An observed function bound to its instance or class."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        wrapped = self.__wrapped__
        holder = getattr(wrapped, "__self__", None)
        if holder is None:  # a static method, or one that was asked for on the class
            holder = sys.modules[wrapped.__module__]
            for part in wrapped.__qualname__.split(".")[:-1]:
                holder = getattr(holder, part)
        return getattr, (holder, wrapped.__name__)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return deepcopy(self.__wrapped__, memo)  # bound to a copy, which is why it is no longer observed


def _standing_for(function: Any) -> Any:
    """Return what stands where a function can be found by its name, if that is the function observed."""
    found = _found_by_name(function)
    return found if getattr(found, "__wrapped__", None) is function else function


def _found_by_name(function: Any) -> Any:
    found: Any = sys.modules.get(getattr(function, "__module__", ""))
    for part in getattr(function, "__qualname__", "").split("."):
        found = getattr(found, part, None)
    return found


class ObservedFunction(FunctionWrapper):  # type: ignore[misc,type-arg,unused-ignore]
    """A function that tells of its calls and is otherwise the function.

    wrapt's own wrapper cannot be pickled or copied, a function can: by its name. A process without the
    probe unpickles the plain function.
    """

    __bound_function_wrapper__ = type.__call__.__get__(ObservedBoundMethod)

    def __reduce_ex__(self, protocol: Any) -> Any:
        wrapped = self.__wrapped__
        if type(wrapped) is partial:
            function = _standing_for(wrapped.func)
            return partial, (function,), (function, wrapped.args, wrapped.keywords, vars(wrapped) or None)
        if _found_by_name(wrapped) is wrapped:  # this one was taken off since
            return itemgetter(0), ((wrapped,),)
        return wrapped.__qualname__

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self


class _PassingFunction(ObservedFunction, CallableObjectProxy):  # type: ignore[misc,type-arg,unused-ignore]
    """The same while nobody listens: what it is called with goes on to the function, past the wrapper.

    wrapt's extension in C does that without a frame, in a tenth of the time.
    """

    __call__ = CallableObjectProxy.__call__  # type: ignore[assignment,unused-ignore]


_PassingFunction.__name__ = ObservedFunction.__name__  # by which others know what stands there

_become = object.__dict__["__class__"].__set__
"""Sets the class of a wrapper. wrapt's own attribute sets that of what it wraps."""


def pass_on(observed: ObservedFunction) -> bool:
    """Let a function that others may hold by now only pass its calls on. False where Python refuses that."""
    try:
        _become(observed, _PassingFunction)
    except TypeError:
        return False
    return True


def observe_again(observed: ObservedFunction) -> None:
    """Let it tell of its calls again."""
    if type(observed) is _PassingFunction:
        _become(observed, ObservedFunction)


class ObservedConstructor(FunctionWrapper):  # type: ignore[misc,type-arg,unused-ignore]
    """An observed `__init__`. Hardly anybody asks for it by hand, and every construction binds it.

    wrapt's own bound wrapper is made faster than one of a subclass, on 3.10 by 0.6 microseconds; and there
    each class between this one and wrapt's costs another 0.2.
    """

    __bound_function_wrapper__ = BoundFunctionWrapper  # type: ignore[assignment,unused-ignore]
    __reduce_ex__ = ObservedFunction.__reduce_ex__  # type: ignore[assignment,unused-ignore]
    __repr__ = ObservedFunction.__repr__  # type: ignore[assignment,unused-ignore]
    __copy__ = ObservedFunction.__copy__  # type: ignore[assignment,unused-ignore]
    __deepcopy__ = ObservedFunction.__deepcopy__  # type: ignore[assignment,unused-ignore]
