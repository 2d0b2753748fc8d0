from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ssot_probe.analysis.retirement.days import (
    after,
    days_between,
    days_needed,
    last_stretch,
    longest_stretch,
    next_day,
    start_of,
)

SOME = st.dates(date(2026, 1, 1), date(2026, 3, 1))


def test_a_cycle_needs_a_tenth_more_than_it_lasts() -> None:
    assert [days_needed(cycle) for cycle in ("day", "week", "month", "quarter", "year")] == [
        2,
        8,
        35,
        102,
        403,
    ]


def test_a_process_of_one_second_counts_for_its_day_and_one_over_midnight_for_two() -> None:
    midnight = start_of(date(2026, 1, 6))
    assert days_between(midnight, midnight + 1) == {date(2026, 1, 6)}
    assert days_between(midnight - 1, midnight) == {date(2026, 1, 5), date(2026, 1, 6)}
    assert days_between(midnight, midnight - 1) == frozenset()


def test_a_clock_gone_wrong_covers_no_day() -> None:
    assert days_between(0, 10**30) == frozenset()


@given(st.sets(SOME), SOME)
def test_no_stretch_is_longer_than_the_longest(days: set[date], today: date) -> None:
    assert last_stretch(days, today) <= longest_stretch(days) <= len(days)


@given(st.sets(SOME), SOME, st.integers(1, 100))
def test_more_evidence_can_be_had_on_no_day_that_is_over(days: set[date], today: date, count: int) -> None:
    first = next_day(days, today)
    assert first >= today
    assert first not in days
    assert (after(first, count) - first).days == count - 1
