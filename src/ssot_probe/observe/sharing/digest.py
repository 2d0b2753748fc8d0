"""Digests what is in a graph of objects, so that a later look can tell whether it has changed."""

from __future__ import annotations

from typing import Any

from ssot_probe.observe.sharing.kinds import ATOMS
from ssot_probe.observe.sharing.traits import TraitsOfTypes

MOST_BYTES = 1_000_000
"""Of one array."""

_WRAP = (1 << 64) - 1


class Digest:
    """Adds up what cannot run the application's code; the order of entries does not count.

    Args:
        traits: of the types of what is added.

    Attributes:
        value: of all that was added so far.
    """

    def __init__(self, traits: TraitsOfTypes) -> None:
        self._traits = traits
        self.value = 0

    def add(self, *parts: Any) -> None:
        """Add something; its parts belong together.

        The hash of a tuple is nearly linear in its last part, so sums of them cancel; of bytes it is not.
        """
        linear = hash(tuple(map(self._digestible, parts))) & _WRAP
        self.add_all(hash(linear.to_bytes(8, "little")))

    def add_all(self, digest: int) -> None:
        """Add all that another digest has."""
        self.value = (self.value + digest) & _WRAP

    def add_numbers(self, array: Any) -> None:
        """Add the contents of what stores numbers outside of the interpreter's objects."""
        try:
            self.add(bytes(memoryview(array).cast("B")[:MOST_BYTES]))
        except (TypeError, ValueError, BufferError):  # not contiguous, or of objects
            return

    def _digestible(self, part: Any) -> Any:
        if type(part) in ATOMS and type(part) is not slice:
            return part
        if type(part) is tuple and all(type(each) in ATOMS and type(each) is not slice for each in part):
            return part
        return self._traits[type(part)].name
