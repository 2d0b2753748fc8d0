"""Says what a watched path names: a class, a function, what another module defines, or nothing."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

from ssot_probe.model.names import qualify
from ssot_probe.observe.candidates import plain_function
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.paths.definitions import Definitions

_MISSING = object()


class Bound(NamedTuple):
    """What a path is bound to."""

    kind: str  # one of KINDS of `model.path_records`
    target: str  # of an alias: qualified name of what it is bound to, "" where that is not known


def bound_as(module: ModuleType, name: str, qualname: str, definitions: Definitions) -> Bound:
    """Return what a loaded module, by its name, binds to a qualified name in it."""
    value = _value(module, qualname)
    is_function = any(each.name == qualname for each in definitions.functions)
    is_class = qualname in definitions.classes
    if value is _MISSING:
        if is_class or is_function:
            return Bound("class" if is_class else "function", "")
        return Bound("alias" if "__getattr__" in namespace_of(module) else "absent", "")
    if issubclass(type(value), type):
        home, own = str(vars(value).get("__module__", "")), value.__qualname__
        return Bound("class", "") if (home, own) == (name, qualname) else Bound("alias", qualify(home, own))
    if issubclass(type(value), ModuleType):
        return Bound("alias", str(namespace_of(value).get("__name__", "")))
    function = value.fget if type(value) is property else value
    function = plain_function(function)
    if is_function:
        return Bound("function", "")
    if function is None:
        return Bound("class" if is_class else "value", "")
    home, own = str(function.__module__), function.__qualname__
    if home == name and own.endswith("<lambda>"):
        return Bound("function", "")  # it has no name but this one
    return Bound("function", "") if (home, own) == (name, qualname) else Bound("alias", qualify(home, own))


def _value(module: ModuleType, qualname: str) -> Any:
    first, *others = qualname.split(".")
    value = namespace_of(module).get(first, _MISSING)
    for part in others:
        if not issubclass(type(value), type):
            return _MISSING
        value = next((vars(base)[part] for base in value.__mro__ if part in vars(base)), _MISSING)
    return value
