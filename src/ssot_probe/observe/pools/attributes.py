"""Reads what objects store, without running a line of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from types import MemberDescriptorType
from typing import Any

MOST_ATTRIBUTES = 64
"""Attributes of one object that are looked at."""


def stored(value: Any, name: str) -> Any:
    """Return an attribute that stands in the object's dictionary or in a slot; None where none does."""
    attributes = _dictionary(value)
    if name in attributes:
        return attributes[name]
    for base in type(value).__mro__:
        descriptor = vars(base).get(name)
        if type(descriptor) is MemberDescriptorType:
            return _in_slot(descriptor, value)
    return None


def attributes_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of what an object stores, up to a bound."""
    left = MOST_ATTRIBUTES
    for name, found in list(_dictionary(value).items())[:left]:
        left -= 1
        yield name, found
    for base in type(value).__mro__:
        for name, descriptor in list(vars(base).items()):
            if type(descriptor) is MemberDescriptorType and left > 0:
                left -= 1
                yield name, _in_slot(descriptor, value)


def _dictionary(value: Any) -> dict[str, Any]:
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return attributes if type(attributes) is dict else {}


def _in_slot(descriptor: MemberDescriptorType, value: Any) -> Any:
    try:
        return descriptor.__get__(value)
    except AttributeError:  # nothing was stored yet
        return None
