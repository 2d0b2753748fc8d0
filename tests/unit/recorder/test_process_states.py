"""Signs of life by a clock of the test: ever more seldom, on each day, at once when it was set back."""

from __future__ import annotations

from ssot_probe.losses import Losses
from ssot_probe.model.policy import Policy
from ssot_probe.recorder.process_states import ALIVE, STOPPED, Identity, ProcessStates

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
ARMED = 1_767_600_000 * SECOND  # 08:00


def states(listed: int = 0) -> ProcessStates:
    identity = Identity("one", ARMED, "3.12.1", Policy(), "{}", (), "k", "parent", "list", 3)
    made = ProcessStates(identity, Losses(), lambda: listed, lambda: "sigterm")
    made.wait(ARMED)
    return made


def beats(made: ProcessStates, until: int, step: int = 5 * SECOND) -> list[int]:
    found = []
    for now in range(ARMED, until, step):
        if made.is_due(now):
            made.record(ALIVE, now, 0)
            found.append(now)
    return found


def test_a_month_has_some_hundred_signs_of_life_and_each_day_at_least_twenty_four() -> None:
    found = beats(states(), ARMED + 30 * DAY)
    assert len(found) < 1_000
    days = [sum(moment // DAY == day for moment in found) for day in range(ARMED // DAY, found[-1] // DAY)]
    assert min(days[1:]) >= 24


def test_a_process_that_lives_over_midnight_for_a_moment_has_a_sign_of_life_on_both_days() -> None:
    midnight = ARMED - ARMED % DAY + DAY
    made = states()
    made.wait(midnight - 2 * SECOND)
    assert not made.is_due(midnight - 1)
    assert made.is_due(midnight)


def test_a_clock_that_was_set_back_calls_for_a_sign_of_life_at_once() -> None:
    made = states()
    made.record(ALIVE, ARMED + DAY, 0)
    assert made.is_due(ARMED + DAY - SECOND)
    made.record(ALIVE, ARMED + DAY - SECOND, 0)
    assert not made.is_due(ARMED + DAY)


def test_how_a_process_ends_is_said_with_its_last_word_only() -> None:
    made = states()
    assert [made.record(state, ARMED, 0).closed for state in (ALIVE, STOPPED)] == ["", "sigterm"]
    assert made.started().closed == ""
    assert made.started().parent == "parent"


def test_the_list_never_seems_to_grow_shorter() -> None:
    made = states(listed=0)
    record = made.record(ALIVE, ARMED, 0)
    assert (record.directory, record.number, record.listed) == ("list", 3, 3)
    assert states(listed=9).record(ALIVE, ARMED, 0).listed == 9
