"""Counts the objects of the process."""

from __future__ import annotations

import gc
from collections.abc import Callable

_objects: Callable[[None], list[object]] = gc.get_objects


def count_objects() -> int:
    """Return how many objects the garbage collector knows.

    Their list is made and released without a step of Python in between. Where another thread runs while there
    is such a list, a tuple that it is making out of a generator belongs to two, and it gets a SystemError.
    """
    return sum(map(len, map(_objects, (None,))))
