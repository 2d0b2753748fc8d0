"""How findings say numbers, times and lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

_IRREGULAR = {"class": "classes", "process": "processes", "factory": "factories"}


def number(count: int, thing: str) -> str:
    """Return `1 path`, `2 paths`, `3 classes`."""
    return f"{count} {thing}" if count == 1 else f"{count} {_IRREGULAR.get(thing, thing + 's')}"


def times(count: int, is_at_least: bool = False) -> str:
    """Return `once`, `twice`, `3 times`, or `at least 3 times` of a count that is a lower bound."""
    said = {1: "once", 2: "twice"}.get(count, f"{count} times")
    return f"at least {said}" if is_at_least else said


def place(file: str, line: int) -> str:
    """Return `chat/app.py:3`, or the file alone where no line is known."""
    return f"{file}:{line}" if line else file


def listing(names: Sequence[str], limit: int = 4) -> str:
    """Return `a, b and c`, or the first of many and how many more there are."""
    if len(names) > limit:
        return f"{', '.join(names[:limit])} and {len(names) - limit} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def moment(nanoseconds: int) -> str:
    """Return a time as `2026-01-31 10:00:00Z`."""
    try:
        time = datetime.fromtimestamp(nanoseconds // 1_000_000_000, tz=timezone.utc)
    except (OverflowError, OSError, ValueError):  # a clock, or a file, gone wrong
        return f"{nanoseconds} ns"
    return f"{time:%Y-%m-%d %H:%M:%S}Z"


def period(first: int, last: int) -> str:
    """Return from when to when, with the second date only where it is another one."""
    start, end = moment(first), moment(last)
    if start == end:
        return start
    return f"{start} to {end.removeprefix(start[:11])}"
