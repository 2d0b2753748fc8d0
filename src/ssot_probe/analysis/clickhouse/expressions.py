"""Expressions of SQL over the columns of the exporter's table."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ssot_probe.analysis.clickhouse.kinds import LISTS
from ssot_probe.wire.packed import lists_of


def text(value: str) -> str:
    """Return a value of our own as a literal; what users write is bound, never pasted."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def texts(values: Iterable[str]) -> str:
    """Return values of our own as literals."""
    return ", ".join(text(value) for value in values)


REDACTION = tuple(
    f"redaction.{what}.{told}"
    for what in ("redacted", "masked", "allowed", "ignored")
    for told in ("keys", "count")
)
"""What a Collector's redaction adds to a span."""

IDENTITY = (
    "if(ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'], "
    "trimBoth(concat(ResourceAttributes['host.name'], ' pid ', "
    "if(ResourceAttributes['process.pid'] = '', 'None', ResourceAttributes['process.pid']))))"
)
"""What names a process, as when files are read."""


def hashed(attributes: str, added: Collection[str] = ()) -> str:
    """Return what tells attributes apart, without the values of some."""
    keys, values = f"mapKeys({attributes})", f"mapValues({attributes})"
    if added:
        values = f"arrayFilter((v, k) -> k NOT IN ({texts(added)}), {values}, {keys})"
    return f"{keys}, {values}"


def without(attributes: str, added: Collection[str]) -> str:
    """Return attributes as pairs in an order of their own, without some."""
    return pairs(f"mapFilter((k, v) -> k NOT IN ({texts((*REDACTION, *added))}), {attributes})")


def pairs(attributes: str) -> str:
    """Return attributes as pairs in an order of their own."""
    return f"arraySort(arrayZip(mapKeys({attributes}), mapValues({attributes})))"


def numbers(expressions: Collection[str]) -> str:
    """Return an array of whole numbers."""
    return f"[{', '.join(expressions)}]::Array(Int64)"


def strings(attribute: str, attributes: str = "a") -> str:
    """Return the array that an attribute holds as JSON."""
    return f"JSONExtract({attributes}[{text(attribute)}], 'Array(String)')"


def length(attribute: str, attributes: str = "a") -> str:
    """Return the length of that array."""
    return f"length({strings(attribute, attributes)})"


def records(name: str, attributes: str) -> str:
    """Return how many records a span carries."""
    lists = (f"{name} = {text(span)}, {length(listed, attributes)}" for span, listed in LISTS.items())
    return f"multiIf({', '.join(lists)}, 1)"


def are_of_one_length(name: str) -> str:
    """Return whether all lists of a span of this kind have as many entries."""
    first, *others = lists_of(name)
    return "(" + " AND ".join(f"{length(first)} = {length(other)}" for other in others) + ")"
