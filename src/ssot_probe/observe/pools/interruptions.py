"""Says whether an exception that interrupts is in flight, and whether it hit a call of a certain object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

from ssot_probe.observe.pools.attributes import attributes_of

MOST_EXCEPTIONS = 8
"""Exceptions that are followed, from the one in flight to those that it was raised from."""

MOST_FRAMES = 200


class Interruption(NamedTuple):
    """An exception that ended a user's work on a resource at a point that they did not choose."""

    name: str  # of its type
    is_inside: bool  # it came up in a method of the resource, or of what the resource holds


def interruption(
    error: Optional[BaseException], resource: Any, channel: Any, is_same_channel: bool
) -> Optional[Interruption]:
    """Return what is in flight, None where that is nothing, or an ordinary error.

    Args:
        error: what is in flight.
        resource: what may have been interrupted.
        channel: what it talks through.
        is_same_channel: it did so before: else only what hit the channel itself can have left anything there.
    """
    if error is None or not _interrupts(error):
        return None
    if not is_same_channel:
        hit = channel is not None and any(receiver is channel for receiver in _receivers(error))
        return Interruption(type(error).__name__, hit)
    own = {id(resource)}
    for _, value in attributes_of(resource):
        own.add(id(value))
        own.update(id(inner) for _, inner in attributes_of(value))
    is_inside = any(receiver is not None and id(receiver) in own for receiver in _receivers(error))
    return Interruption(type(error).__name__, is_inside)


def _interrupts(error: BaseException) -> bool:
    """Is it a cancellation, a timeout, or the closing of a generator, of whatever library?"""
    if not isinstance(error, Exception) or isinstance(error, TimeoutError):
        return True
    return any("Timeout" in cls.__name__ or "Cancel" in cls.__name__ for cls in type(error).__mro__)


def _receivers(error: BaseException) -> Iterator[object]:
    """Yield the `self` of every method that an exception came through, and those that it was raised from."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    frames = 0
    while waiting and len(seen) < MOST_EXCEPTIONS:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        waiting += [current.__context__, current.__cause__]
        traceback = current.__traceback__
        while traceback is not None and frames < MOST_FRAMES:
            frames += 1
            code = traceback.tb_frame.f_code
            if code.co_argcount and code.co_varnames[0] == "self":
                yield traceback.tb_frame.f_locals.get("self")
            traceback = traceback.tb_next
