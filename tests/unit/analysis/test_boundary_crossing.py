from __future__ import annotations

from unit.analysis.build import MANAGER, Program, concept, findings, policy, told

from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Boundary

BOUNDARY = Boundary("chat.auth:label_of", (("hipaa", "free"), ("hipaa", "sec")))
BY = policy(boundary=BOUNDARY)
ROWS = f"{MANAGER}._rows"


def shared_by(*labels: str, unlabelled: int = 0) -> Program:
    program = Program()
    program.cls(MANAGER)
    program.gives("u-1")
    program.gives("u-2")
    program.brings_together(*labels, unlabelled=unlabelled)
    return program


def test_labels_that_may_not_meet_are_a_finding_on_top_of_the_one_below_it() -> None:
    (finding,) = findings("SSOT305", shared_by("free", "hipaa", unlabelled=3), by=BY)
    assert (finding.subject, finding.severity) == (MANAGER, Severity.ERROR)
    assert finding.message == "Users whose labels may not meet share it: hipaa with free."
    assert told(finding) == [
        "labels hipaa and free, which may not meet",
        "SSOT301 cross-user-instance: One instance served 2 users.",
        "and 3 users without one of these labels",
    ]
    assert not any(line.user for line in finding.evidence)


def test_labels_that_may_meet_are_silent() -> None:
    assert not findings("SSOT305", shared_by("free", "sec"), by=BY)
    assert not findings("SSOT305", shared_by("hipaa"), by=BY)


def test_users_without_a_label_are_silent() -> None:
    assert not findings("SSOT305", shared_by(unlabelled=5), by=BY)


def test_what_is_no_finding_otherwise_crosses_no_boundary() -> None:
    program = shared_by("free", "hipaa")
    assert not findings("SSOT305", program, by=policy(concept(isolation="process"), boundary=BOUNDARY))


def test_a_policy_without_boundaries_finds_none() -> None:
    assert not findings("SSOT305", shared_by("free", "hipaa"), by=policy())


def test_an_object_that_references_lead_to_crosses_a_boundary_as_well() -> None:
    program = shared_by()
    program.shares("u-1", "u-2")
    program.brings_together("hipaa", "sec", code="SSOT303", subject=ROWS)
    (finding,) = findings("SSOT305", program, by=BY)
    assert finding.subject == ROWS
    assert "hipaa with sec" in finding.message


def test_several_pairs_at_one_place_are_one_finding() -> None:
    program = shared_by("free", "hipaa")
    program.brings_together("free", "hipaa", "sec")
    (finding,) = findings("SSOT305", program, by=BY)
    assert finding.count == 2
    assert "hipaa with free and hipaa with sec" in finding.message
