"""Plays one case, and compares what was recorded with what the workers counted themselves."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

from fleet.support.cases import Case
from fleet.support.service import Place
from fleet.support.truth import Deeds, counted, recorded, sum_of

from support.children import Recorded, read_recordings

WORTHLESS = ("VOID", "NO-EVIDENCE")
"""Verdicts by which nobody deletes anything."""

ALARMING = ("ssot_probe", "ssot-probe", "Traceback", "DeprecationWarning", "AssertionError")


class Row(NamedTuple):
    """What came of a case: a row of the table."""

    case: Case
    processes: int  # that counted something
    recordings: int
    truth: Deeds
    recorded: Deeds
    told: str  # what is said of losses
    seconds: float
    faults: tuple[str, ...]  # what is not as it should be


def examine(case: Case, directory: Path) -> Row:
    """Play a case in a directory."""
    place = Place(directory)
    began = monotonic()
    faults = []
    try:
        case.play(place)
    except Exception as error:
        faults.append(f"{type(error).__name__}: {error}\n{place.said}")
    seconds = monotonic() - began
    truth = counted(place.truth)
    processes = read_recordings(place.recordings)
    by_pid: dict[int, list[Recorded]] = defaultdict(list)
    for process in processes:
        by_pid[_pid_of(process)].append(process)
    seen = {pid: sum_of([recorded(one) for one in found]) for pid, found in by_pid.items()}
    dead, report = _asked("dead", place), _asked("report", place)
    told = _told(dead, report)
    faults += [
        *_faults_of_counts(case, truth, seen, told),
        *_faults_of_identity(case, processes, by_pid),
        *_faults_of_verdicts(case, dead, report, told),
        *([] if case.says and case.says in place.said else _faults_of_what_was_said(place.said)),
    ]
    if len(truth) < case.processes:
        faults.append(f"only {len(truth)} processes did something")
    sums = sum_of(list(truth.values())), sum_of(list(seen.values()))
    return Row(case, len(truth), len(processes), *sums, "; ".join(told), seconds, tuple(faults))


def _faults_of_counts(
    case: Case, truth: dict[int, Deeds], seen: dict[int, Deeds], told: list[str]
) -> list[str]:
    faults = []
    for pid in sorted(truth.keys() | seen.keys()):
        there, here = truth.get(pid, Deeds()), seen.get(pid, Deeds())
        if here == there:
            continue
        if here.exceeds(there):
            faults.append(f"process {pid} recorded more than it did: {here} of {there}")
        elif not case.loses or case.is_counted:
            faults.append(f"process {pid} recorded less than it did: {here} of {there}")
        elif not told:
            faults.append(f"process {pid} recorded less than it did, and nobody says so: {here} of {there}")
    return faults


def _faults_of_identity(
    case: Case, processes: list[Recorded], by_pid: dict[int, list[Recorded]]
) -> list[str]:
    faults = []
    ids = Counter((span.trace_id, span.span_id) for process in processes for span in process.spans)
    if twice := sum(1 for count in ids.values() if count > 1):
        faults.append(f"{twice} spans were told twice")
    for pid, found in by_pid.items():
        if len(found) > 1 and not case.is_reborn:
            faults.append(f"process {pid} has {len(found)} instance ids")
    return faults


def _faults_of_verdicts(case: Case, dead: Any, report: Any, told: list[str]) -> list[str]:
    verdicts = {row["path"]: row["verdict"] for row in dead["paths"]}
    faults = []
    if verdicts["shop.old"] != "LIVE" and not (case.loses and verdicts["shop.old"] in WORTHLESS):
        faults.append(f"shop.old is called {verdicts['shop.old']}")
    wanted = WORTHLESS if case.loses else ("NEVER-LOADED",)
    if verdicts["shop.attic"] not in wanted:
        faults.append(f"shop.attic is called {verdicts['shop.attic']}, not {' or '.join(wanted)}: {told}")
    evidence = report["evidence"]
    if not (not evidence["complete"] or evidence["blind"] if case.loses else evidence["complete"]):
        faults.append(f"the report's evidence: {evidence}")
    return faults


def _faults_of_what_was_said(said: str) -> list[str]:
    lines = said.splitlines()
    for number, line in enumerate(lines):
        if any(word in line for word in ALARMING):
            return ["said: " + "\n".join(lines[number : number + 30])]
    return []


def _told(dead: Any, report: Any) -> list[str]:
    """Return what voids all silence, each reason once."""
    causes = Counter(_cause(str(doubt["cause"])) for doubt in dead["evidence"]["void"])
    told = [f"{count}x {cause}" for cause, count in sorted(causes.items())]
    return told or [*filter(None, [report["evidence"]["void"]])]


def _cause(text: str) -> str:
    """Return a cause without what is different each time."""
    text = re.sub(r" known from .*| [0-9a-f]{8}(?=,)", "", text)
    return text.removesuffix(",").partition(": it was killed")[0]


def _asked(command: str, place: Place) -> Any:
    asked = [sys.executable, "-m", "ssot_probe", command, str(place.recordings), "--format", "json"]
    done = subprocess.run(
        asked, cwd=place.root, env=place.environment(probe=False), capture_output=True, check=False
    )
    return json.loads(done.stdout)


def _pid_of(process: Recorded) -> int:
    return int(str(process.resource["process.pid"]))
