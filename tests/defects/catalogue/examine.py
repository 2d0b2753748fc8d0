"""Runs a program under the probe, has the recording judged, and says what that was worth."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from defects.catalogue.cases import Case, Expected
from support.children import line_of, run

from ssot_probe.analysis.chosen_policy import choose_policy
from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load
from ssot_probe.report import json_report
from ssot_probe.report.view import view_of

DRIVER = Path(__file__).parent / "traffic.py"
SECONDS = {"long": "1.0", "short": "0"}
MAIN = "import app\n\napp.main()\n"

Found = Mapping[str, Any]
"""A finding as `report --format json` shows it."""


class Outcome(NamedTuple):
    """What became of a program.

    `verdict` is "detected", "missed", "silent", or for something that is not true of the program
    "accused" with the codes; a defect may be detected and accused of something else at once.
    """

    verdict: str
    said: tuple[str, ...]  # the findings of isolation and provenance, in short

    @property
    def is_as_wanted(self) -> bool:
        """Is it what the program deserves?"""
        return self.verdict in ("detected", "silent")


def reason_to_skip(case: Case) -> str:
    """Return why the program cannot run here, "" when it can."""
    if sys.version_info < case.python:
        return f"written for Python {'.'.join(map(str, case.python))} and later"
    for library in case.needs:
        if find_spec(library) is None:
            return f"needs {library}: install the dependency group test"
    if case.server and not shutil.which(case.server):
        return f"needs {case.server} on PATH"
    return ""


ATTEMPTS = 3
"""Of a defect that is missed: how often the probe looks depends on how busy the machine is."""


def examine(case: Case, directory: Path) -> Outcome:
    """Run the program in a directory of its own and judge it; a defect that is missed once more."""
    for attempt in range(ATTEMPTS if case.is_defect else 1):
        place = directory / f"attempt-{attempt}"
        place.mkdir()
        outcome = weigh(case, findings(case, place))
        if not outcome.verdict.startswith("missed"):
            break
    return outcome


def findings(case: Case, directory: Path) -> list[Found]:
    """Run the program in a directory of its own, and return what a report in JSON would list.

    Raises:
        AssertionError: the program failed, the probe complained, or nothing of the concept was recorded.
    """
    text, policy = case.file.read_text(encoding="utf-8"), case.policy
    files = {"app.py": text, "traffic.py": DRIVER.read_text(encoding="utf-8")}
    if case.length == "long":
        files["main.py"] = MAIN
    else:  # the file is the program, and so are the names in its policy
        policy = policy.replace('"app:', '"__main__:')
    command = "main.py" if case.length == "long" else "app.py"
    done = run(directory, command, SECONDS[case.length], files=files, policy=policy)
    assert done.code == 0, done.stderr
    assert "ssot-probe" not in done.stderr, done.stderr
    recording = load([str(done.directory)])
    policy_chosen = choose_policy(recording, None, {}, str(directory))
    judgement = judge(recording, policy_chosen.policy)
    assert judgement.evidence.void is None, judgement.evidence.void
    view = view_of(judgement, policy_chosen, datetime.now(timezone.utc))
    report = json.loads(json_report.render(view))
    return list(report["findings"])


def weigh(case: Case, found: Iterable[Found]) -> Outcome:
    """Say what the findings are worth.

    Only SSOT2xx and SSOT3xx count, at warning or error, and not waived. A right code for a wrong reason is
    no detection: what the program expects must be named by the finding. Whatever else is said at error is
    an accusation, unless the program says that its code is true as well; of a twin, at warning too.
    """
    judged = [one for one in found if one["code"][4] in "23" and one["status"] != "waived"]
    said = tuple(_in_short(one) for one in judged)
    serious = [one for one in judged if one["severity"] in ("warning", "error")]
    proofs = [one for one in serious if any(_proves(one, wanted, case) for wanted in case.expected)]
    accused = sorted(
        {
            f"{one['code']} {one['severity']}"
            for one in serious
            if one not in proofs
            and one["code"] not in case.also
            and (one["severity"] == "error" or not case.is_defect)
        }
    )
    verdict = ("detected" if proofs else "missed") if case.is_defect else "silent"
    if accused:
        accusation = f"accused: {', '.join(accused)}"
        verdict = f"{verdict}, {accusation}" if case.is_defect else accusation
    return Outcome(verdict, said)


def _proves(finding: Found, wanted: Expected, case: Case) -> bool:
    return finding["code"] == wanted.code and all(_speaks_of(finding, name, case) for name in wanted.names)


def _speaks_of(finding: Found, name: str, case: Case) -> bool:
    """Does the finding name this, or, of "@here", the line that ends with the comment `# here`?"""
    if name.startswith("@"):
        line = line_of(case.file, name[1:])
        return any(one["line"] == line for one in finding["evidence"])
    return name in _text(finding)


def _text(finding: Found) -> str:
    return json.dumps([finding["subject"], finding["message"], finding["evidence"]])


def _in_short(finding: Found) -> str:
    evidence = "; ".join(one["what"] for one in finding["evidence"])
    return f"{finding['code']} {finding['severity']} {finding['subject']}: {finding['message']} [{evidence}]"
