"""Plays one case, and compares what was recorded with what the workers counted themselves."""

from __future__ import annotations

import json
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
    except AssertionError as error:
        faults.append(f"{error}\n{place.said}")
    seconds = monotonic() - began
    truth = counted(place.truth)
    processes = read_recordings(place.recordings)
    by_pid: dict[int, list[Recorded]] = defaultdict(list)
    for process in processes:
        by_pid[_pid_of(process)].append(process)
    seen = {pid: sum_of([recorded(one) for one in found]) for pid, found in by_pid.items()}
    dead, report = _asked("dead", place), _asked("report", place)
    told = _told(dead)
    faults += [
        *_faults_of_counts(case, truth, seen, told),
        *_faults_of_identity(case, processes, by_pid),
        *_faults_of_verdicts(case, dead, report, told),
        *_faults_of_what_was_said(place.said),
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
        elif not case.loses:
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
    if verdicts.get("shop.old") != "LIVE" and not (case.loses and verdicts.get("shop.old") == "VOID"):
        faults.append(f"shop.old is called {verdicts.get('shop.old')}")
    wanted = "VOID" if case.loses else "NEVER-LOADED"
    if verdicts.get("shop.attic") != wanted:
        faults.append(f"shop.attic is called {verdicts.get('shop.attic')}, not {wanted}: {told}")
    evidence = report["evidence"]
    if evidence["complete"] == bool(case.loses):
        faults.append(f"the report's evidence: {evidence}")
    return faults


def _faults_of_what_was_said(said: str) -> list[str]:
    words = ("ssot_probe", "ssot-probe", "Traceback", "multi-threaded", "AssertionError")
    lines = [line for line in said.splitlines() if any(word in line for word in words)]
    return [f"said: {' | '.join(lines[:5])}"] if lines else []


def _told(dead: Any) -> list[str]:
    """Return what voids all silence, each reason once."""
    causes = Counter(str(doubt["cause"]) for doubt in dead["evidence"]["void"])
    return [f"{count} × {cause}" for cause, count in sorted(causes.items())]


def _asked(command: str, place: Place) -> Any:
    asked = [sys.executable, "-m", "ssot_probe", command, str(place.recordings), "--format", "json"]
    done = subprocess.run(
        asked, cwd=place.root, env=place.environment(probe=False), capture_output=True, check=False
    )
    return json.loads(done.stdout)


def _pid_of(process: Recorded) -> int:
    return int(str(process.resource["process.pid"]))
