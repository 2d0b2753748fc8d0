"""Reads what `functools.lru_cache` keeps: by which arguments, and which result."""

from __future__ import annotations

from collections.abc import Sequence
from gc import get_referents
from typing import Any, NamedTuple

from ssot_probe.observe.sharing.anatomy import qualified_name
from ssot_probe.observe.sharing.edges import snapshot

CACHED = "functools:_lru_cache_wrapper"


class CachedResults(NamedTuple):
    """What a cached function refers to."""

    entries: list[tuple[Any, Any]]  # arguments, result
    others: list[Any]  # the function, and what was stored on it


def cached_results(function: Any) -> CachedResults:
    """Return what a function keeps, without a call of it.

    One with a bound has a list of links, which say nothing to the garbage collector themselves: the function
    names the key and the result of each, one after the other.
    """
    references = get_referents(function)
    tables = [each for each in references if type(each) is dict]
    linked = [each for each in tables if _has_links(each)]
    table = (linked or tables or [{}])[0]
    if linked:
        entries = _pairs(references, {id(key) for key in snapshot(lambda: list(table))})
    else:
        entries = snapshot(lambda: list(table.items()))
    told = {id(table)}.union(*({id(key), id(result)} for key, result in entries))
    return CachedResults(entries, [each for each in references if id(each) not in told])


def _has_links(table: dict[Any, Any]) -> bool:
    values = snapshot(lambda: list(table.values()))
    return bool(values) and qualified_name(type(values[0])) == "functools:_lru_list_elem"


def _pairs(references: Sequence[Any], keys: set[int]) -> list[tuple[Any, Any]]:
    found = []
    place = 0
    while place < len(references) - 1:
        if id(references[place]) in keys:
            found.append((references[place], references[place + 1]))
            place += 1
        place += 1
    return found
