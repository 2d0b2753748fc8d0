"""When the next look at shared references is due."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ssot_probe.observe.look_schedule import DELAYS, EARLY_LOOKS, EARLY_SHARE, SHARE, Schedule


def after(looks: int, cost: float = 0.0) -> tuple[Schedule, float]:
    """Return a schedule after so many looks, each as soon as it was due, and when the last one ended."""
    schedule, now = Schedule(), 100.0
    for _ in range(looks):
        now = max(now, schedule.due)
        schedule.looked(now, now + cost)
        now += cost
    return schedule, now


def test_the_first_look_is_due_at_once() -> None:
    assert Schedule().due == 0.0


def test_a_second_look_follows_soon_so_that_what_changes_is_noticed() -> None:
    schedule, now = after(1)
    assert round(schedule.due - now, 6) == DELAYS[1] < 0.01


def test_looks_follow_each_other_ever_more_slowly() -> None:
    waits = [round(schedule.due - now, 6) for schedule, now in map(after, range(1, 12))]
    assert waits == sorted(waits)
    assert waits[-1] == waits[-2] == DELAYS[-1]


def test_a_new_user_is_looked_at_soon() -> None:
    schedule, now = after(12)
    schedule.user_came()
    assert schedule.due <= now


def test_users_who_come_all_the_time_do_not_make_looks_cost_more_than_their_share() -> None:
    schedule, now = after(EARLY_LOOKS, cost=0.01)
    schedule.user_came()
    assert round(schedule.due - now, 6) >= SHARE * 0.01


def test_the_first_looks_of_a_process_may_follow_sooner_as_it_may_end_soon() -> None:
    schedule, now = after(1, cost=0.01)
    assert round(schedule.due - now, 6) == EARLY_SHARE * 0.01


@given(costs=st.lists(st.floats(0.0001, 1.0), min_size=EARLY_LOOKS + 1, max_size=40))
def test_looks_take_a_hundredth_of_the_time_whatever_they_cost(costs: list[float]) -> None:
    schedule, now, before = Schedule(), 0.0, 0.0
    for number, cost in enumerate(costs):
        now = max(now, schedule.due)
        if number > EARLY_LOOKS:
            assert now - before >= SHARE * costs[number - 1] * 0.999
        schedule.looked(now, now + cost)
        schedule.user_came()
        now = before = now + cost
