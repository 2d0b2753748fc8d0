from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ssot_probe.recorder.pacing import SHORTEST, is_due, next_heartbeat

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


def heartbeats(armed: int, lifetime: int) -> list[int]:
    """Return when a process gives signs of life, from its start on."""
    found, now = [], armed
    while now < armed + lifetime:
        now = next_heartbeat(now, armed)
        found.append(now)
    return found


def test_a_young_process_gives_a_sign_of_life_every_ten_seconds() -> None:
    assert heartbeats(DAY // 2, 60 * SECOND) == [DAY // 2 + 10 * SECOND * number for number in range(1, 7)]


def test_signs_of_life_of_a_month_are_some_hundred() -> None:
    assert len(heartbeats(DAY // 2, 30 * DAY)) < 1_000


@settings(deadline=None)
@given(st.integers(0, DAY), st.integers(1, 400 * DAY))
def test_an_old_process_gives_a_sign_of_life_in_every_hour_and_on_every_day(armed: int, age: int) -> None:
    now = armed + age
    following = next_heartbeat(now, armed)
    assert now < following <= now + 3600 * SECOND
    assert following // DAY == now // DAY or following % DAY == 0


@given(st.integers(2, DAY), st.integers(1, DAY), st.booleans())
def test_a_clock_that_was_set_back_does_not_hold_back_a_fact(
    told_at: int, first: int, is_quiet: bool
) -> None:
    assert is_due(told_at - 1, first, told_at, is_quiet)
