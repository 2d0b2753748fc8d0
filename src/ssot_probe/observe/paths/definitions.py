"""What a module defines, by the code objects in its own one, or by the functions that live in it."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, partial, partialmethod, singledispatchmethod
from types import CodeType, FunctionType, MappingProxyType, ModuleType
from typing import Any, NamedTuple

from ssot_probe.observe.candidates import plain_function
from ssot_probe.observe.modules import namespace_of

CONSTRUCTING = ("__init__", "__new__", "__post_init__")
"""Of these the first one that a class defines is what constructs its instances."""

_COMPREHENSIONS = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_TYPE_PARAMETERS = "<generic parameters of "
_CO_OPTIMIZED = 0x1  # functions have it, class bodies do not


class Definition(NamedTuple):
    """A function, a method or a lambda."""

    name: str  # qualified, in its module
    code: CodeType
    owner: str  # qualified name of the class that it is a method of, "" for none


class Definitions(NamedTuple):
    """What a module defines."""

    functions: list[Definition]
    classes: dict[str, int]  # qualified name -> first line
    living: Sequence[Definition] = ()  # the functions that are there, where that was asked for

    def of(self, name: str) -> list[Definition]:
        """Return the functions that are the definition of this name, or inside of it; all for ""."""
        if not name:
            return self.functions
        return [each for each in self.functions if each.name == name or each.name.startswith(name + ".")]


def definitions_in(code: CodeType) -> Definitions:
    """Return what the code of a module defines, at any depth; comprehensions count for what is around."""
    found = Definitions([], {})
    _walk(code, "", "", found)
    return found


def living_definitions(modules: Iterable[ModuleType]) -> dict[int, Definitions]:
    """Return what is there of modules whose own code is not, by the id of the module.

    It asks the collector for all functions that live in them: hidden ones too, behind whatever decorator.
    """
    modules = list(modules)
    by_names = {id(namespace_of(module)): Definitions([], {}) for module in modules}
    living: dict[int, list[Definition]] = {names: [] for names in by_names}
    homes = {id(namespace_of(module)): id(module) for module in modules}
    for function in gc.get_referrers(*(namespace_of(module) for module in modules)):
        if type(function) is FunctionType and id(function.__globals__) in by_names:
            name = function.__qualname__
            found = by_names[id(function.__globals__)]
            outer = name.rpartition(".")[0]
            is_method = bool(outer) and not outer.endswith("<locals>")
            definition = Definition(name, function.__code__, outer if is_method else "")
            found.functions.append(definition)
            living[id(function.__globals__)].append(definition)
            _walk(function.__code__, name + ".<locals>.", "", found)
    return {homes[names]: found._replace(living=living[names]) for names, found in by_names.items()}


def bound_definitions(module: ModuleType, classes: Iterable[type]) -> Iterator[Definition]:
    """Yield the functions that a module and its classes hold, by the names that they hold them by.

    Of the module's own, whatever their code calls itself: lambdas, code that was exchanged or made by `exec`.
    Code that classes share with others, as named tuples do, is left out.
    """
    own = namespace_of(module)
    for owner, prefix in ((None, ""), *((cls, cls.__qualname__) for cls in classes)):
        for name, value in list((own if owner is None else vars(owner)).items()):
            for function in functions_of(value):
                is_made = owner is not None and function.__code__.co_filename.startswith("<")
                if is_made or function.__globals__ is own:
                    qualname = f"{prefix}.{name}" if prefix else name
                    yield Definition(qualname, function.__code__, prefix)


def functions_of(value: Any) -> list[FunctionType]:
    """Return the functions behind what a module or class holds under a name."""
    kind = type(value)
    if kind is property:
        parts = [value.fget, value.fset, value.fdel]
    elif kind in (partial, partialmethod, cached_property):
        parts = [value.func]
    elif kind is singledispatchmethod:
        parts = list(value.dispatcher.registry.values())
    elif is_dispatching(value):
        parts = [value, *value.registry.values()]
    else:
        parts = [value]
    return [function for function in map(plain_function, parts) if function is not None]


def is_dispatching(value: Any) -> bool:
    """Does it hand calls to functions that are registered with it?"""
    if type(value) is singledispatchmethod:
        return True
    if type(value).__name__ == "ObservedFunction":
        value = value.__wrapped__
    names = vars(value) if type(value) is FunctionType else {}
    return "dispatch" in names and type(names.get("registry")) is MappingProxyType


def own_classes(module: ModuleType, name: str) -> dict[str, type]:
    """Return the classes that a module defines and that can be reached by its names: by qualified name."""
    found: dict[str, type] = {}
    waiting = list(namespace_of(module).values())
    while waiting:
        value = waiting.pop()
        if not issubclass(type(value), type):
            continue
        cls: type = value
        qualname = cls.__qualname__
        if vars(cls).get("__module__") != name or found.get(qualname) is cls:
            continue
        if qualname in found:  # two classes of one name, each of which counts
            qualname = f"{qualname}#{id(cls):x}"
        if qualname in found:
            continue
        found[qualname] = cls
        waiting += list(vars(cls).values())
    return found


def constructing(definitions: Iterable[Definition]) -> set[int]:
    """Return the ids of the code by which classes are constructed: of one function for each class."""
    best: dict[str, tuple[int, Definition]] = {}
    for each in definitions:
        name = each.name.rpartition(".")[2]
        if each.owner and name in CONSTRUCTING:
            rank = CONSTRUCTING.index(name)
            known = best.get(each.owner)
            if known is None or rank < known[0]:
                best[each.owner] = (rank, each)
    return {id(each.code) for _, each in best.values()}


def _walk(code: CodeType, prefix: str, owner: str, found: Definitions) -> None:
    for inner in code.co_consts:
        if type(inner) is not CodeType:
            continue
        called = inner.co_name
        if called.startswith(_TYPE_PARAMETERS):
            _walk(inner, prefix, owner, found)
            continue
        name = getattr(inner, "co_qualname", prefix + called)  # since 3.11: `global` may move it
        if not inner.co_flags & _CO_OPTIMIZED:
            found.classes.setdefault(name, inner.co_firstlineno)
            _walk(inner, name + ".", name, found)
            continue
        if called not in _COMPREHENSIONS:
            found.functions.append(Definition(name, inner, owner))
        _walk(inner, name + ".<locals>.", "", found)
