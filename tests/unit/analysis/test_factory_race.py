from __future__ import annotations

from unit.analysis.build import GET_MANAGER, MANAGER, Program, findings, told


def program() -> Program:
    made = Program()
    made.cls(MANAGER)
    made.hands_out("chat/views.py:31", count=3)
    return made


def test_two_calls_that_gave_out_two_instances_are_found_on_a_time_line() -> None:
    raced = program()
    raced.races()
    (finding,) = findings("SSOT205", raced)
    assert (finding.subject, finding.severity.label) == (GET_MANAGER, "error")
    assert (finding.count, finding.users) == (1, 1)
    assert told(finding) == [
        f"chat/ws/manager.py:40 {GET_MANAGER} keeps one instance in _managers",
        "chat/views.py:31 call from +0.0 ms to +2000.0 ms gave out an instance (no. 7), which is not",
        "chat/views.py:31 call from +1000.0 ms to +3000.0 ms gave out an instance (no. 8), which is kept",
    ]


def test_an_instance_that_was_kept_for_a_while_only_is_told_as_such() -> None:
    raced = program()
    raced.races(kept=1)
    raced.races(kept=0)
    (finding,) = findings("SSOT205", raced)
    assert [line.rpartition(", which ")[2] for line in told(finding)[1:]] == [
        "is not",
        "was kept until another took its place",
        "is kept",
        "is not",
    ]


def test_the_races_of_one_factory_are_one_finding() -> None:
    raced = program()
    for number in range(5):
        raced.races(f"u-{number}", count=2)
    (finding,) = findings("SSOT205", raced)
    assert (finding.count, finding.users) == (10, 5)
    assert len(finding.evidence) == 1 + 2 * 3


def test_a_race_for_the_one_instance_of_the_process_names_no_user() -> None:
    raced = program()
    raced.races("")
    (finding,) = findings("SSOT205", raced)
    assert finding.users == 0
    assert "for the whole process" in finding.message


def test_each_factory_has_a_finding_of_its_own() -> None:
    raced = program()
    raced.races()
    raced.races(maker=f"{MANAGER}.get_instance")
    assert [finding.subject for finding in findings("SSOT205", raced)] == [
        f"{MANAGER}.get_instance",
        GET_MANAGER,
    ]
