"""Days of evidence, in UTC: which there are, how many follow each other, when more could be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone

from ssot_probe.analysis.wording import number

NANOSECONDS = 1_000_000_000
DAYS_OF_CYCLE: Mapping[str, int] = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
MARGIN = 10
"""Of a cycle, percent: what happens once a month happens some days later now and then."""

DAYS_FOR_DELETION = 30
"""Fewer days than that are too few to say that something can be deleted, whatever the policy asks for."""


def day_of(time: int) -> date:
    """Return the day of a time (nanoseconds since the epoch), the last there is for a clock gone wrong."""
    try:
        return datetime.fromtimestamp(time // NANOSECONDS, tz=timezone.utc).date()
    except (OverflowError, OSError, ValueError):
        return date.max


def start_of(day: date) -> int:
    """Return when a day begins, in nanoseconds since the epoch."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
    return int(midnight.timestamp()) * NANOSECONDS


def days_between(first: int, last: int) -> frozenset[date]:
    """Return every day that the time from first to last touches; none where they are in the wrong order."""
    start, end = day_of(first), day_of(last)
    if last < first or end == date.max:
        return frozenset()
    return frozenset(start + timedelta(days=count) for count in range((end - start).days + 1))


def longest_stretch(days: Iterable[date]) -> int:
    """Return how many of the days follow each other without a gap, at most."""
    longest = length = 0
    before = date.min
    for day in sorted(days):
        length = length + 1 if (day - before).days == 1 else 1
        longest, before = max(longest, length), day
    return longest


def last_stretch(days: Iterable[date], today: date) -> int:
    """Return how many days up to the last one follow each other, if that could still go on today."""
    ordered = sorted(days)
    if not ordered or (today - ordered[-1]).days > 1:
        return 0
    length = 1
    while length < len(ordered) and (ordered[-length] - ordered[-length - 1]).days == 1:
        length += 1
    return length


def days_needed(cycle: str) -> int:
    """Return how many days in a row give what happens once in the cycle its chance."""
    days = DAYS_OF_CYCLE[cycle]
    return days + -(-days * MARGIN // 100)


def next_day(days: Iterable[date], today: date) -> date:
    """Return the first day that can still be added to these."""
    last = max(days, default=date.min)
    return max(today, last + timedelta(days=1)) if last < date.max else today


def after(day: date, count: int) -> date:
    """Return the day on which so many days are over, of which the first is `day`."""
    return day + timedelta(days=max(count, 1) - 1)


def span_of(days: Iterable[date]) -> str:
    """Return `12 days, 2026-01-05 to 2026-01-16`."""
    ordered = sorted(days)
    if not ordered:
        return "no day"
    if len(ordered) == 1:
        return f"1 day, {ordered[0]}"
    return f"{number(len(ordered), 'day')}, {ordered[0]} to {ordered[-1]}"
