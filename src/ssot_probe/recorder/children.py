"""Lets forked children tell their parent that they have begun to record, in memory that they share.

So the parent knows of a child whose recording was lost, though it went to a Collector or nowhere. A child
that runs another program at once, or leaves, has nothing to tell and is no loss. The identity is the child's
own: two threads that fork at once would give away one identity twice.
"""

from __future__ import annotations

import os
from typing import Any, Optional

SLOTS = 4_096
"""Children that may begin between two looks of the parent."""

_SIZE = 16  # of an identity, and of what stands before the first one
_UNRECORDED = 1  # where that says that a child became a program that does not record


class Children:
    """What passes between one process and the children that it forks."""

    def __init__(self) -> None:
        self._memory: Optional[Any] = None  # shared with the children to come
        self._parents: Optional[Any] = None

    def before_fork(self) -> None:
        """Have memory to share, if there can be any."""
        if self._memory is not None:
            return
        try:
            import mmap

            self._memory = mmap.mmap(-1, (SLOTS + 1) * _SIZE)
        except (ImportError, OSError, ValueError):
            return

    def after_fork_in_child(self) -> None:
        """Be a child, with no children yet."""
        self._parents, self._memory = self._memory, None

    def begin(self, identity: str) -> None:
        """Tell the parent, once, that this process has something to record."""
        memory, self._parents = self._parents, None
        if memory is None:
            return
        content = bytes.fromhex(identity)[:_SIZE].ljust(_SIZE, b"\0")
        first = os.getpid() % SLOTS
        for number in range(SLOTS):
            start = ((first + number) % SLOTS + 1) * _SIZE
            if not any(memory[start : start + _SIZE]):
                memory[start : start + _SIZE] = content
                memory[0] = 1
                break
        memory.close()

    @property
    def has_parent(self) -> bool:
        """Does a parent learn of what this process does, which has nothing to record itself?"""
        return self._parents is not None

    def become_unrecorded(self) -> None:
        """Tell the parent that this process becomes a program that will not record."""
        if self._parents is not None:
            self._parents[_UNRECORDED] = 1

    def some_became_unrecorded(self) -> bool:
        """Has a child told so?"""
        return self._memory is not None and bool(self._memory[_UNRECORDED])

    def begun(self) -> list[str]:
        """Return the identities of the children that have told since the last time."""
        memory = self._memory
        if memory is None or not memory[0]:
            return []
        memory[0] = 0
        found = []
        for start in range(_SIZE, len(memory), _SIZE):
            content = memory[start : start + _SIZE]
            if any(content):
                memory[start : start + _SIZE] = bytes(_SIZE)
                found.append(content.hex())
        return found
