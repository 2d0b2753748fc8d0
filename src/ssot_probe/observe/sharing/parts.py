"""Reads the attributes and entries of an object, without a call into the application."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from ssot_probe.observe.sharing.edges import Edges, snapshot

MOST_ENTRIES = 10_000
"""Of one container that are looked at for users."""


class Parts:
    """Reads what objects are made of, as far as it can be looked at.

    Args:
        edges: know what must not even be asked for its type.
    """

    def __init__(self, edges: Edges) -> None:
        self._traits = edges.kinds.traits
        self._is_strange = edges.is_strange

    def dict_of(self, thing: Any) -> Any:
        """Return an instance's `__dict__`, None where it has none."""
        getter = self._traits[type(thing)].dict_getter
        return None if getter is None else getter(thing)

    def attributes_of(self, thing: Any) -> list[tuple[Any, Any]]:
        """Return names and values of what an instance stores, in slots too."""
        attributes = self.dict_of(thing)
        found = self.entries_of(attributes) if type(attributes) is dict else []
        for name, slot in self._traits[type(thing)].slots:
            try:
                value = slot.__get__(thing)
            except AttributeError:  # not set
                continue
            if not self._is_strange(value):
                found.append((name, value))
        return found

    def entries_of(self, mapping: Any) -> list[tuple[Any, Any]]:
        """Return the first entries of a dictionary."""
        if dict.__len__(mapping) > MOST_ENTRIES:
            entries = snapshot(lambda: list(islice(dict.items(mapping), MOST_ENTRIES)))
        else:
            entries = snapshot(lambda: list(dict.items(mapping)))
        return self.without_strange(entries)

    def without_strange(self, entries: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        """Leave out what has a metaclass that compares or hashes its classes itself."""
        is_strange = self._is_strange
        return [entry for entry in entries if not (is_strange(entry[0]) or is_strange(entry[1]))]


def items_of(collection: Any, base: Any) -> list[Any]:
    """Return the first items of a list, tuple, set or deque, which `base` says it is."""
    return snapshot(lambda: list(islice(base.__iter__(collection), MOST_ENTRIES)))
