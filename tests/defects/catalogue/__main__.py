"""Runs the catalogue and prints what is detected, missed and falsely accused, per row and in sum.

PYTHONPATH=tests python -m defects.catalogue                all programs
PYTHONPATH=tests python -m defects.catalogue "row 14" SSOT205   some of them
PYTHONPATH=tests python -m defects.catalogue --said         with what was said of each
PYTHONPATH=tests python -m defects.catalogue --update       write `today.toml` as it came out
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from defects.catalogue.cases import Case, cases, chosen
from defects.catalogue.examine import Outcome, examine, reason_to_skip
from defects.catalogue.today import FILE, deviations

UNEXPLAINED = "not looked into yet"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0 when every program got what it deserves."""
    parser = argparse.ArgumentParser(
        prog="python -m defects.catalogue",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="*", help="part of a row, a finding or a program's name")
    parser.add_argument("--said", action="store_true", help="show the findings of each program")
    parser.add_argument("--bad", action="store_true", help="list only what is not as wanted")
    parser.add_argument("--update", action="store_true", help="write today.toml")
    parser.add_argument("-n", "--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    found = chosen(cases(), options.words)
    runnable = [case for case in found if not reason_to_skip(case)]
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(options.workers) as pool:
        results = pool.map(lambda case: _outcome(case, Path(place) / case.id.replace(" ", "-")), runnable)
        outcomes = dict(zip((case.id for case in runnable), results))
    for case in found:
        _show(case, outcomes.get(case.id), options)
    _sum_up(runnable, outcomes)
    if options.update:
        _update(runnable, outcomes)
    return 0 if all(outcome.is_as_wanted for outcome in outcomes.values()) else 1


def _outcome(case: Case, directory: Path) -> Outcome:
    directory.mkdir()
    try:
        return examine(case, directory)
    except AssertionError as error:
        return Outcome("failed", (str(error),))


def _show(case: Case, outcome: Outcome | None, options: argparse.Namespace) -> None:
    if outcome is None:
        print(f"{case.group:8}  {'skipped':40}  {case.id}: {reason_to_skip(case)}")
    elif not (options.bad and outcome.is_as_wanted):
        mark = " " if outcome.is_as_wanted else "!"
        print(f"{case.group:8} {mark}{outcome.verdict:40}  {case.id}: {case.says}")
        if options.said or outcome.verdict == "failed":
            for line in outcome.said:
                print(f"            {line}")


def _sum_up(run: Sequence[Case], outcomes: Mapping[str, Outcome]) -> None:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for case in run:
        verdict = outcomes[case.id].verdict
        column = verdict.partition(",")[0].partition(":")[0]
        for group in (case.group, "sum"):
            counts[group][f"{'defect' if case.is_defect else 'twin'} {column}"] += 1
            counts[group]["accused at error"] += " error" in verdict
    columns = (
        *("defect detected", "defect missed", "twin silent", "twin accused"),
        *("accused at error", "defect failed", "twin failed"),
    )
    print("\n" + f"{'':8}  " + "  ".join(columns))
    for group in (*(group for group in counts if group != "sum"), "sum"):
        cells = "  ".join(str(counts[group][column] or "-").rjust(len(column)) for column in columns)
        print(f"{group:8}  {cells}")


def _update(run: Sequence[Case], outcomes: Mapping[str, Outcome]) -> None:
    listed = deviations()
    lines = [
        "# Programs that are judged otherwise than they deserve, and why. Checked both ways: what is listed",
        "# here must come out as listed. `make defects ARGUMENTS=--update` writes it, and keeps the reasons.",
    ]
    for case in cases():
        known = listed.get(case.id)
        outcome = outcomes.get(case.id)
        verdict = known.verdict if outcome is None and known else outcome.verdict if outcome else ""
        if known is not None and verdict in known.verdict.split(" or "):
            verdict = known.verdict
        if verdict in ("", "detected", "silent"):
            continue
        why = known.why if known is not None and known.verdict == verdict else UNEXPLAINED
        lines += ["", f'["{case.id}"]', f'verdict = "{verdict}"', f'why = "{why}"']
        if known is not None and known.pythons:
            lines.append(f"python = [{', '.join(f'{python!r}' for python in known.pythons)}]")
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
