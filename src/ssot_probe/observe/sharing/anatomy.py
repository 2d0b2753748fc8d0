"""What a class is made of, read without a call into it: no metaclass, property or descriptor runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any, Optional

DictGetter = Callable[[Any], Any]

_mro_of = type.__dict__["__mro__"].__get__
_namespace_of = type.__dict__["__dict__"].__get__
_module_of = type.__dict__["__module__"].__get__
_qualname_of = type.__dict__["__qualname__"].__get__


def bases_of(cls: type) -> tuple[type, ...]:
    """Return the class and its bases in the order of their resolution."""
    bases: tuple[type, ...] = _mro_of(cls)
    return bases


def namespace_of_class(cls: type) -> Mapping[str, Any]:
    """Return what the class itself defines, read-only."""
    names: Mapping[str, Any] = _namespace_of(cls)
    return names


def qualified_name(cls: type) -> str:
    """Return `module:QualName`, as the class says it of itself."""
    try:
        module = _module_of(cls)
    except AttributeError:  # somebody has deleted it
        module = None
    return f"{module if type(module) is str else '?'}:{_qualname_of(cls)}"


def names_of_bases(cls: type) -> frozenset[str]:
    """Return the qualified names of the class and all its bases."""
    return frozenset(map(qualified_name, bases_of(cls)))


def strange_metaclasses() -> frozenset[type]:
    """Return the metaclasses that compare or hash their classes themselves: a table lookup calls them."""
    found = []
    waiting = [type]
    for metaclass in waiting:
        waiting += type.__subclasses__(metaclass)
        if any({"__eq__", "__hash__"} & namespace_of_class(base).keys() for base in bases_of(metaclass)[:-2]):
            found.append(metaclass)
    return frozenset(found)


def dict_getter(cls: type) -> Optional[DictGetter]:
    """Return what reads an instance's `__dict__`; None where they have none, or a property."""
    for base in bases_of(cls):
        descriptor = namespace_of_class(base).get("__dict__")
        if descriptor is not None:
            return descriptor.__get__ if type(descriptor) is GetSetDescriptorType else None
    return None


def slots_of(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield name and member descriptor of each slot, the inherited ones too."""
    for base in bases_of(cls):
        for name, value in namespace_of_class(base).items():
            if type(value) is MemberDescriptorType:
                yield name, value


def is_frozen_dataclass(cls: type) -> bool:
    """Was the class made by `dataclass(frozen=True)`, or is it a pydantic model that says so?"""
    for base in bases_of(cls):
        names = namespace_of_class(base)
        parameters = names.get("__dataclass_params__")
        if parameters is not None and qualified_name(type(parameters)).startswith("dataclasses:"):
            return bool(parameters.frozen)
        config = names.get("model_config")
        if "__pydantic_core_schema__" in names and type(config) is dict:
            return config.get("frozen") is True
    return False
