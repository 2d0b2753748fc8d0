"""A set of classes by identity, whatever their metaclasses say of it, as long as they live."""

from __future__ import annotations

from weakref import ref


class ClassSet:
    """Classes; a `WeakSet` asks them for their hash, which may be the application's code."""

    def __init__(self) -> None:
        self._refs: dict[int, ref[type]] = {}

    def __contains__(self, cls: type) -> bool:
        found = self._refs.get(id(cls))
        return found is not None and found() is cls

    def __len__(self) -> int:
        return len(self._refs)

    def add(self, cls: type) -> None:
        """Take one in."""
        self._refs[id(cls)] = ref(cls)

    def discard(self, cls: type) -> None:
        """Take one out, if it is in."""
        self._refs.pop(id(cls), None)

    def clear(self) -> None:
        """Take all out."""
        self._refs.clear()
