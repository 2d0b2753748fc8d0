"""What counts as left on a connection, by the bytes that went over it."""

from __future__ import annotations

import pytest

from ssot_probe.observe.pools.channels import UNKNOWN, Reading
from ssot_probe.observe.pools.interruptions import Interruption
from ssot_probe.observe.pools.residue import Manners, left_behind, still_there
from ssot_probe.observe.pools.resources import Left

BEFORE = Reading(0, 100, 100)
INSIDE, OUTSIDE = Interruption("CancelledError", True), Interruption("CancelledError", False)


@pytest.mark.parametrize(
    ("now", "interrupted", "residue"),
    [
        (Reading(0, 100, 100), INSIDE, ""),  # nothing was asked
        (Reading(0, 150, 100), INSIDE, "unanswered"),
        (Reading(0, 150, 100), OUTSIDE, "unanswered"),
        (Reading(0, 150, 150, since_sent=900, since_received=100), INSIDE, ""),  # drained inside of the call
        (
            Reading(0, 150, 150, since_sent=100, since_received=900),
            INSIDE,
            "unanswered",
        ),  # of two, the second
        (Reading(0, 150, 150, since_sent=100, since_received=100), INSIDE, "interrupted"),
        (Reading(0, 150, 150, since_sent=100, since_received=100), OUTSIDE, ""),
        (Reading(0, 150, 150, since_sent=4, since_received=4), INSIDE, ""),  # a ROLLBACK, and its reply
        (Reading(12, 150, 150), None, "unread"),
        (Reading(12, 150, 150, is_closed=True), None, ""),
        (Reading(0, 150, 150), None, ""),
        (Reading(0, -1, -1), INSIDE, "interrupted"),
        (Reading(0, -1, -1), OUTSIDE, ""),
    ],
)
def test_what_is_left_is_told_by_what_was_sent_and_what_came(
    now: Reading, interrupted: Interruption | None, residue: str
) -> None:
    assert left_behind(BEFORE, now, interrupted, Manners()) == residue


@pytest.mark.parametrize(
    ("residue", "then", "now", "there"),
    [
        ("unanswered", Reading(0, 150, 100), Reading(0, 150, 100), "unanswered"),
        ("unanswered", Reading(0, 150, 100), Reading(20, 150, 120), "unread"),
        ("unanswered", Reading(0, 150, 100), Reading(0, 150, 120), ""),  # somebody has read it
        ("unanswered", Reading(0, 150, 100), Reading(0, 150, 100, is_closed=True), ""),
        ("unread", Reading(5, 150, 105), Reading(0, 150, 105), ""),
        ("interrupted", UNKNOWN, UNKNOWN, "interrupted"),
        ("abandoned", UNKNOWN, UNKNOWN, ""),
    ],
)
def test_what_is_still_there_is_told_by_what_has_come_since(
    residue: str, then: Reading, now: Reading, there: str
) -> None:
    interruption = "" if residue == "abandoned" else "CancelledError"
    assert still_there(Left("alice", residue, interruption, then), now) == there
