"""What one look leaves for the next: digests of what is shared, and whose each object was."""

from __future__ import annotations

import weakref
from typing import Any, NamedTuple, Optional

MOST_LABELS = 5_000
MOST_DIGESTS = 5_000


class _Known(NamedTuple):
    reference: Optional[weakref.ref[Any]]  # None for what cannot be referred to weakly
    place: tuple[object, ...]  # where it was found
    digest: int


class Memory:
    """Remembers one look; give the same memory to every look of a process."""

    def __init__(self) -> None:
        self._digests: dict[int, _Known] = {}
        self._labels: dict[int, weakref.ref[Any]] = {}
        self._owners: dict[int, str] = {}  # apart from the labels: pairs would be more objects to collect
        self._new_digests: dict[int, _Known] = {}
        self._new_labels: dict[int, weakref.ref[Any]] = {}
        self._new_owners: dict[int, str] = {}
        self._without_references: set[type] = set()

    def has_changed(self, thing: Any, place: tuple[object, ...], digest: int) -> bool | None:
        """Note the digest of a shared object; has it changed since the last look? None if unseen then.

        Args:
            thing: the object.
            place: where it was found: lists and dictionaries have no weak references to know them by.
            digest: of its contents.
        """
        known = self._digests.get(id(thing))
        if len(self._new_digests) < MOST_DIGESTS:
            self._new_digests[id(thing)] = _Known(self._reference_to(thing), place, digest)
        if known is None:
            return None
        if known.reference is not None:
            return None if known.reference() is not thing else known.digest != digest
        return None if known.place != place else known.digest != digest

    def last_owner(self, thing: Any, owner: str) -> str:
        """Note whose an object is now; return whose it was at the last look, "" where that is not known."""
        label = self._labels.get(id(thing))
        if label is not None and label() is not thing:
            label = None
        if len(self._new_labels) < MOST_LABELS:
            reference = self._reference_to(thing) if label is None else label
            if reference is not None:
                self._new_labels[id(thing)] = reference
                self._new_owners[id(thing)] = owner
        return "" if label is None else self._owners[id(thing)]

    def begin(self) -> None:
        """Begin a look: what one that was stopped has left half done is forgotten."""
        self._new_digests, self._new_labels, self._new_owners = {}, {}, {}

    def turn(self) -> None:
        """End a look: what was not seen in it is forgotten."""
        self._digests, self._new_digests = self._new_digests, {}
        self._labels, self._new_labels = self._new_labels, {}
        self._owners, self._new_owners = self._new_owners, {}

    def _reference_to(self, thing: Any) -> weakref.ref[Any] | None:
        if type(thing) in self._without_references:
            return None
        try:
            return weakref.ref(thing)
        except TypeError:
            self._without_references.add(type(thing))
            return None
