from __future__ import annotations

from unit.analysis.build import GET_MANAGER, MANAGER, Program, concept, findings, policy, told

from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy


def program_with_manager() -> Program:
    program = Program()
    program.cls(MANAGER)
    return program


def test_a_call_with_the_context_of_another_user_is_a_finding_with_both() -> None:
    program = program_with_manager()
    program.runs_with("u-1", "u-2")
    (finding,) = findings("SSOT304", program)
    assert (finding.subject, finding.severity, finding.users) == (MANAGER, Severity.ERROR, 2)
    assert finding.message == "Work for one user ran with the context of another, once."
    assert told(finding) == [
        f"chat/views.py:12 {GET_MANAGER} called for u-2, as argument user_id says, while contextvar "
        "chat.auth:current_user carried u-1, once"
    ]


def test_one_fact_that_is_told_again_is_one_line_with_all_its_times() -> None:
    program = program_with_manager()
    program.runs_with("u-1", "u-2", count=2)
    program.runs_with("u-1", "u-3", count=3)
    (finding,) = findings("SSOT304", program)
    assert (finding.count, finding.users, len(finding.evidence)) == (5, 3, 1)


def test_work_that_only_began_with_what_was_left_is_a_warning_about_what_carries_it() -> None:
    program = program_with_manager()
    program.runs_with("u-1", "u-2", cls="", concept="", moment="job", since="chat/jobs.py:4", place="")
    (finding,) = findings("SSOT304", program)
    assert (finding.subject, finding.severity) == ("chat.auth:current_user", Severity.WARNING)
    assert finding.message == "Work began with the context that work for another user had left, once."
    assert told(finding)[1] == "chat/jobs.py:4 the context had been left there by this"


def test_in_a_concept_that_was_inferred_it_is_a_warning() -> None:
    program = program_with_manager()
    program.cls("chat.other:WebSocketManager")
    program.runs_with("u-1", "u-2", concept="web-socket-manager")
    (finding,) = findings("SSOT304", program, by=Policy())
    assert finding.severity == Severity.WARNING
    assert "declare" in finding.message


def test_concepts_of_the_process_are_not_spared() -> None:
    program = program_with_manager()
    program.runs_with("u-1", "u-2")
    assert findings("SSOT304", program, by=policy(concept(isolation="process")))
