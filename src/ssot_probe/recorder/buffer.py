"""The bounded buffer between the application's threads and the pump."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from ssot_probe.losses import QUEUE_FULL, Losses

LIMIT = 50_000
"""Items that may wait. Beyond it only facts that were never seen before are taken in, up to twice that."""

_SITE, _FIRST_MEETING = 0, 3  # fields of a MakeEvent


class Buffer:
    """Takes items from any thread without a lock: `deque.append` is atomic.

    Args:
        losses: where dropped items are counted.
        on_first: called before the first item that is added to a new or cleared buffer: starts the pump.

    Attributes:
        items: what waits, oldest first.
        add: takes one item; drops it, counted, where the buffer is full of things that are waiting.
        wake_with_next: makes `on_first` be called again before the next item; what waits stays.
    """

    def __init__(self, losses: Losses, on_first: Callable[[], None], limit: int = LIMIT) -> None:
        self.items: deque[Any] = deque()
        self._losses = losses
        self._limit = limit
        self._known: set[tuple[int, ...]] = set()
        self.add, self.wake_with_next = self._adding(on_first)

    def _adding(self, on_first: Callable[[], None]) -> tuple[Callable[[Any], None], Callable[[], None]]:
        items, put, limit = self.items, self.items.append, self._limit  # looked up for every recorded call
        room = 0  # one comparison says both that there is any, and that there was a first item

        def add(item: Any) -> None:
            nonlocal room
            if len(items) < room:
                put(item)
                return
            if not room:
                room = limit
                on_first()
            if len(items) < limit or self._must_keep(item):
                put(item)
            else:
                self._losses.add(QUEUE_FULL)

        def wake_with_next() -> None:
            nonlocal room
            room = 0

        return add, wake_with_next

    def take(self, most: int) -> list[Any]:
        """Take out up to `most` items, oldest first."""
        items = self.items
        return [items.popleft() for _ in range(min(most, len(items)))]

    def clear(self) -> None:
        """Forget everything: a forked child starts empty."""
        self.items.clear()
        self._known.clear()
        self.wake_with_next()

    def _must_keep(self, item: Any) -> bool:
        if len(self.items) >= 2 * self._limit:
            return False
        if type(item) is not tuple:
            return True
        site = item[_SITE]
        key = (id(site.maker), hash(site.outcome), id(site.cls), id(site.code), site.offset)
        if item[_FIRST_MEETING] or key not in self._known:
            self._known.add(key)
            return True
        return False
