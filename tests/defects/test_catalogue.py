"""The catalogue of shared state: every program gets the verdict it deserves, or one listed with a reason.

`today.toml` lists the exceptions. It is checked both ways: a miss that becomes a hit fails until the list
says so.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from defects.catalogue.cases import Case, cases, one_of_each
from defects.catalogue.examine import Outcome, examine, reason_to_skip, weigh
from defects.catalogue.today import deviations, verdicts_of

ALL = cases()
FIRST = one_of_each(ALL)
OTHERS = [case for case in ALL if case not in FIRST]
TODAY = deviations()


def check(case: Case, directory: Path) -> None:
    reason = reason_to_skip(case)
    if reason:
        pytest.skip(reason)
    outcome = examine(case, directory)
    assert outcome.verdict in verdicts_of(case, TODAY), "\n".join((case.says, *outcome.said))


@pytest.mark.parametrize("case", FIRST, ids=[case.id for case in FIRST])
def test_a_defect_and_a_twin_of_each_row_get_their_verdict(tmp_path: Path, case: Case) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", OTHERS, ids=[case.id for case in OTHERS])
def test_every_other_program_gets_its_verdict(tmp_path: Path, case: Case) -> None:
    check(case, tmp_path)


def test_every_row_has_a_defect_and_a_twin() -> None:
    defects = {case.row for case in ALL if case.is_defect}
    twins = {case.row for case in ALL if not case.is_defect}
    assert set(range(1, 40)) <= defects
    assert set(range(1, 43)) <= twins


def test_every_finding_has_three_programs_and_three_look_alikes() -> None:
    for code in (*range(201, 207), *range(301, 307)):
        programs = {(case.name, case.is_defect) for case in ALL if case.code == f"SSOT{code}"}
        assert sum(is_defect for _, is_defect in programs) >= 3, code
        assert sum(not is_defect for _, is_defect in programs) >= 3, code


def test_what_is_listed_as_judged_otherwise_exists_and_deviates() -> None:
    known = {case.id: case for case in ALL}
    for name, deviation in TODAY.items():
        assert deviation.verdict != ("detected" if known[name].is_defect else "silent")
        assert deviation.why


DEFECT = next(case for case in ALL if case.is_defect)
TWIN = next(case for case in ALL if not case.is_defect)


def finding(code: str, severity: str = "error", status: str = "new", **more: object) -> dict[str, object]:
    return {
        **{"code": code, "severity": severity, "status": status},
        **{"subject": "app:Thing", "message": "", "evidence": [], **more},
    }


def test_a_right_code_that_speaks_of_something_else_is_no_detection() -> None:
    wanted = DEFECT.expected[0]
    right = finding(wanted.code, evidence=[{"what": " ".join(wanted.names)}])
    assert weigh(DEFECT, [right]).verdict == "detected"
    assert weigh(DEFECT, [finding(wanted.code)]).verdict == "missed"
    assert weigh(DEFECT, [{**right, "severity": "note"}]).verdict == "missed"


def test_a_twin_may_have_notes_and_findings_of_other_kinds() -> None:
    silent = [finding("SSOT301", "note"), finding("SSOT104"), finding("SSOT303", status="waived")]
    assert weigh(TWIN, silent).verdict == "silent"
    assert weigh(TWIN, [finding("SSOT301")]) == Outcome(
        "accused: SSOT301 error", ("SSOT301 error app:Thing:  []",)
    )


def test_a_defect_that_is_accused_of_what_is_not_true_says_so() -> None:
    outcome = weigh(DEFECT._replace(also=()), [finding("SSOT206")])
    assert outcome.verdict == "missed, accused: SSOT206 error"
