from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ssot_probe.recorder.pacing import SHORTEST, is_due

SECOND = 1_000_000_000
DAY = 86_400 * SECOND


def tellings(lifetime: int, is_quiet: bool) -> int:
    """Return how often a fact that never stops growing is told within its lifetime."""
    told = count = 0
    now = 1
    while now < lifetime:
        if is_due(now, 1, told, is_quiet):
            told = now
            count += 1
        now = max(now + SHORTEST, told + (told - 1) // (200 if is_quiet else 20))
    return count


def test_a_new_fact_is_told_at_once() -> None:
    assert is_due(now=5, first=5, told_at=0, is_quiet=False)


def test_a_fact_that_lives_for_a_day_is_told_some_hundred_times() -> None:
    assert 100 < tellings(DAY, is_quiet=False) < 500


def test_even_where_all_is_always_quiet_it_is_told_some_thousand_times_a_day() -> None:
    assert tellings(DAY, is_quiet=True) < 5_000


@given(st.integers(1, DAY), st.integers(1, DAY), st.booleans())
def test_what_a_killed_process_loses_is_bounded_by_a_share_of_its_age(
    age: int, since: int, is_quiet: bool
) -> None:
    first = 1
    now = first + age
    told_at = max(first, now - since)
    if now - told_at > max(SHORTEST, age // 20):
        assert is_due(now, first, told_at, is_quiet)
