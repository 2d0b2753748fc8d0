from __future__ import annotations

from ssot_probe.recorder.allowance import Allowance

SECOND = 1_000_000_000
DAY = 86_400 * SECOND


def told(allowance: Allowance, kind: str, days: int, every: int = 60) -> int:
    """Return how many are told of a kind of which one comes up every so many seconds."""
    return sum(allowance.may_tell(kind, now) for now in range(SECOND, days * DAY, every * SECOND))


def test_all_of_the_first_ones_are_told() -> None:
    allowance = Allowance(500)
    assert all(allowance.may_tell("boxes", 1) for _ in range(500))
    assert list(allowance.reached(1)) == []


def test_of_a_month_of_them_some_hundred_are_told() -> None:
    assert 500 < told(Allowance(500), "boxes", 30) < 800


def test_that_there_are_more_is_said_once() -> None:
    allowance = Allowance(3)
    told(allowance, "boxes", 1)
    (blind,) = allowance.reached(DAY)
    assert (blind.subject, blind.time) == ("boxes", DAY)
    told(allowance, "boxes", 2)
    assert list(allowance.reached(DAY)) == []


def test_each_kind_has_an_allowance_of_its_own() -> None:
    allowance = Allowance(1)
    assert [allowance.may_tell(kind, 1) for kind in ("boxes", "boxes", "bags")] == [True, False, True]
