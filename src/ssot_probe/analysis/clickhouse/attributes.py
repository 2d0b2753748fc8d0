"""Attributes as a ClickHouse has them, all as text, read back by the types of the registry."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ssot_probe.wire.otlp_json import AttributeValue, Resource
from ssot_probe.wire.registry import ATTRIBUTES

_TYPES = {attribute.name: attribute.type for attribute in ATTRIBUTES}
_FLAGS = {"true": True, "false": False}


def attributes_of(pairs: Iterable[tuple[str, str]]) -> Resource:
    """Return attributes with the values that they had; one that cannot have been of its type stays text."""
    return {name: _value(_TYPES.get(name, "string"), text) for name, text in pairs}


def _value(kind: str, text: str) -> AttributeValue:
    if kind == "string":
        return text
    if kind == "bool":
        return _FLAGS.get(text, text)
    try:
        if kind == "int":
            return int(text)
        values = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(values, list) and all(isinstance(value, str) for value in values):
        return tuple(values)
    return text
