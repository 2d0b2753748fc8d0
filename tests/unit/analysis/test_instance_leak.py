from __future__ import annotations

from typing import Any

import pytest
from unit.analysis.build import GET_MANAGER, MANAGER, Program, concept, findings, policy, told

from ssot_probe.model.finding import Severity


def counted(orphans: int = 12, users: int = 12, **values: Any) -> Program:
    program = Program()
    program.cls(MANAGER)
    program.counts(orphans, users, **values)
    return program


def test_instances_that_outlive_their_users_are_a_finding_with_what_holds_them() -> None:
    program = counted()
    program.holds("module chat.ws.manager", "_managers", "a value of a dict")
    (finding,) = findings("SSOT206", program)
    assert (finding.subject, finding.severity, finding.count) == (MANAGER, Severity.WARNING, 12)
    assert finding.message == (
        "12 instances outlived the work of their users; none was released while this was recorded."
    )
    assert told(finding) == [
        f"chat/views.py:12 {GET_MANAGER} made 12, of which 0 were released and 12 are alive; 12 of these had "
        "12 users whose work is over",
        "half of these have been without work for 1.0 s or longer, the oldest for 5.0 s",
        "kept alive by module chat.ws.manager -> _managers -> a value of a dict",
    ]


def test_what_has_been_without_work_for_a_moment_is_told_by_the_oldest() -> None:
    (finding,) = findings("SSOT206", counted(median=0, oldest=200_000_000))
    assert "the oldest of these has been without work for 0.2 s" in told(finding)


def test_only_the_last_count_of_a_maker_is_judged() -> None:
    program = counted()
    program.counts(0, 0, made=12, gone=12)
    assert not findings("SSOT206", program)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"orphans": 4}, id="too few"),
        pytest.param({"orphans": 8, "users": 2}, id="too few users"),
        pytest.param({"held": 0}, id="held by local variables only"),
        pytest.param({"is_collected": False}, id="no garbage collection since"),
        pytest.param({"bound": 12}, id="a bound that is kept"),
        pytest.param({"held": -1}, id="few of which nobody knows what holds them"),
        pytest.param(
            {"made": 50, "gone": 38, "evicted": 38, "alive_then": 12}, id="a bound that shows in releases"
        ),
        pytest.param(
            {"made": 90, "evicted": 70, "alive_then": 4, "orphans_earlier": 0}, id="only the newest are there"
        ),
    ],
)
def test_silent_are(values: dict[str, Any]) -> None:
    assert not findings("SSOT206", counted(**values))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"orphans": 5, "users": 3}, id="five of three users"),
        pytest.param({"orphans": 20, "users": 1}, id="many of one user"),
        pytest.param({"bound": 11}, id="a bound that is not kept"),
        pytest.param({"orphans": 50, "held": -1}, id="very many of which nobody knows what holds them"),
        pytest.param(
            {"made": 24, "gone": 12, "evicted": 12, "alive_then": 1}, id="half of all, time and again"
        ),
    ],
)
def test_found_are(values: dict[str, Any]) -> None:
    assert findings("SSOT206", counted(**values))


def test_instances_that_the_policy_lets_stay_are_silent() -> None:
    assert not findings("SSOT206", counted(), by=policy(concept(isolation="process")))
    assert not findings("SSOT206", counted(), by=policy(concept(shared_ok=(MANAGER,))))
