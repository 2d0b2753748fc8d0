from __future__ import annotations

from unit.analysis.build import MANAGER, Program, concept, findings, policy, told


def program() -> Program:
    made = Program()
    made.cls(MANAGER)
    return made


def test_two_users_inside_at_the_same_time_are_found_with_both_calls_and_their_times() -> None:
    used = program()
    used.overlaps("u-1", "u-2")
    (finding,) = findings("SSOT306", used)
    assert (finding.subject, finding.severity.label) == (MANAGER, "warning")
    assert (finding.count, finding.users) == (1, 2)
    assert "WebSocketManager.close and WebSocketManager.send" in finding.message
    assert told(finding) == [
        f"chat/views.py:21 inside {MANAGER}.send from +0.0 ms",
        f"chat/admin.py:22 inside {MANAGER}.close from +1000.0 ms, both to +2000.0 ms",
    ]
    assert [line.user for line in finding.evidence] == ["u-1", "u-2"]


def test_calls_that_never_ended_are_said_to_last_to_the_end() -> None:
    used = program()
    used.overlaps("u-1", "u-2", is_over=False)
    (finding,) = findings("SSOT306", used)
    assert told(finding)[1].endswith("both to the end of what was seen")


def test_overlaps_of_one_class_are_one_finding_that_counts_them_all() -> None:
    used = program()
    for number in range(4):
        used.overlaps("u-1", f"u-{number + 2}", count=number + 1, methods=("send", f"m{number}"))
    (finding,) = findings("SSOT306", used)
    assert (finding.count, finding.users) == (10, 5)
    assert len(finding.evidence) == 6
    assert "and 3 more pairs of methods" in finding.message


def test_what_users_may_share_is_silent() -> None:
    used = program()
    used.overlaps("u-1", "u-2")
    assert findings("SSOT306", used, by=policy(concept(isolation="process"))) == []
    assert findings("SSOT306", used, by=policy(concept(shared_ok=(MANAGER,)))) == []


def test_what_was_recorded_of_another_concept_is_not_judged_here() -> None:
    used = program()
    used.overlaps("u-1", "u-2")
    assert findings("SSOT306", used, by=policy(concept(name="other"))) == []
