"""Facts by the module that they are about, so that those below one are found quickly."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Generic, TypeVar

T = TypeVar("T")


class ByModule(Generic[T]):
    """Facts, each filed under the name of a module."""

    def __init__(self, facts: Iterable[tuple[str, T]]) -> None:
        self._facts: dict[str, list[T]] = defaultdict(list)
        for module, fact in facts:
            self._facts[module].append(fact)

    @cached_property
    def _modules(self) -> list[str]:
        return sorted(self._facts)

    def at(self, module: str) -> list[T]:
        """Return the facts of one module."""
        return self._facts.get(module, [])

    def within(self, module: str) -> Iterator[T]:
        """Yield the facts of a module and of all below it."""
        yield from self.at(module)
        for position in range(bisect_left(self._modules, f"{module}."), len(self._modules)):
            below = self._modules[position]
            if not below.startswith(f"{module}."):
                break
            yield from self._facts[below]

    def of(self, module: str, *, below: bool) -> Iterator[T]:
        """Yield the facts of a module, with all below it where that is wanted."""
        return self.within(module) if below else iter(self.at(module))
