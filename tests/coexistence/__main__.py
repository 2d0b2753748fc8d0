"""Plays every neighbour and prints the table: how it was started, what stays identical, what the probe loses.

PYTHONPATH=tests python -m coexistence                 all cases
PYTHONPATH=tests python -m coexistence coverage pdb    those with one of these words in their name
PYTHONPATH=tests python -m coexistence --markdown      the table as Markdown
"""

from __future__ import annotations

import os

os.environ["COEXISTENCE"] = "all"  # before anything asks for it

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from coexistence import (
    test_agents,
    test_coverage,
    test_datadog,
    test_debuggers,
    test_import_hooks,
    test_opentelemetry,
    test_pytest,
    test_startup,
    test_tracers,
)
from coexistence.support.cases import Case
from coexistence.support.environments import NotMadeError

FAMILIES = (
    *(test_opentelemetry, test_datadog, test_agents, test_coverage, test_tracers),
    *(test_pytest, test_debuggers, test_startup, test_import_hooks),
)

TITLES = (
    "neighbour",
    "version",
    "how",
    "result",
    "identical with and without the probe",
    "what the probe loses",
)


class Row(NamedTuple):
    """What came of a case."""

    case: Case
    version: str
    result: str  # "as said", why it was not played, or "FAULT"
    fault: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0 where every case is as it should be."""
    parser = argparse.ArgumentParser(
        prog="python -m coexistence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="*", help="part of a case's name")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("-n", "--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    cases = [case for family in FAMILIES for case in family.CASES if _is_meant(case, options.words)]
    faults = 0
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(options.workers) as pool:
        places = [Path(place) / str(number) for number in range(len(cases))]
        _print(TITLES, options.markdown)
        if options.markdown:
            print("|" + "---|" * len(TITLES))
        for row in pool.map(_row, cases, places):
            case = row.case
            cells = case.neighbour, row.version, case.how, row.result, case.same or "-", case.loses or "-"
            _print(cells, options.markdown)
            if row.fault:
                faults += 1
                print(f"    FAULT  {row.fault}")
    print(f"\n{len(cases)} cases, {faults} faults")
    return 1 if faults else 0


def _is_meant(case: Case, words: Sequence[str]) -> bool:
    return not words or any(word in case.name for word in words)


def _row(case: Case, place: Path) -> Row:
    try:
        environment = case.environment()
    except NotMadeError as reason:
        return Row(case, "-", f"not played: {reason}")
    version = environment.version(case.distribution) if case.distribution else ""
    try:
        case.play(place, environment)
    except Exception as error:
        return Row(case, version, "FAULT", f"{type(error).__name__}: {error}")
    return Row(case, version, "as said")


def _print(cells: Iterable[str], is_markdown: bool) -> None:
    if is_markdown:
        print("| " + " | ".join(cells) + " |", flush=True)
        return
    widths = (26, 9, 50, 8, 62, 0)
    print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
