"""Plays every case and prints the table: what the workers did, what was recorded, what is said of losses.

PYTHONPATH=tests python -m fleet                 all cases
PYTHONPATH=tests python -m fleet gevent pool     those with one of these words in their name
PYTHONPATH=tests python -m fleet --markdown      the table as Markdown
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fleet import test_asgi_servers, test_celery, test_ends, test_gunicorn, test_multiprocessing, test_uwsgi
from fleet.support.cases import Case
from fleet.support.examine import Row, examine

FAMILIES = (test_ends, test_multiprocessing, test_gunicorn, test_uwsgi, test_asgi_servers, test_celery)

TITLES = ("case", "processes", "truth", "recorded", "loss told", "seconds", "explanation")

LEGEND = "Truth and recorded: imports of a watched module / calls of a legacy path / instances of a concept."


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0 where every case is as it should be."""
    parser = argparse.ArgumentParser(
        prog="python -m fleet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
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
            _print(_cells(row), options.markdown)
            for fault in row.faults if isinstance(row, Row) else ():
                faults += 1
                print(f"    FAULT  {fault}")
    print(f"\n{LEGEND}\n{len(cases)} cases, {faults} faults")
    return 1 if faults else 0


def _is_meant(case: Case, words: Sequence[str]) -> bool:
    return not words or any(word in case.name for word in words)


def _row(case: Case, place: Path) -> Row | Case:
    return case if case.missing else examine(case, place)


def _cells(row: Row | Case) -> tuple[str, ...]:
    if isinstance(row, Case):
        return (row.name, "-", "-", "-", "-", "-", f"not played: {row.missing}")
    explanation = "; ".join(filter(None, (row.case.loses, row.case.note)))
    deeds = str(row.truth), str(row.recorded)
    return (
        row.case.name,
        str(row.processes),
        *deeds,
        row.told or "-",
        f"{row.seconds:.1f}",
        explanation or "-",
    )


def _print(cells: Iterable[str], is_markdown: bool) -> None:
    if is_markdown:
        print("| " + " | ".join(cells) + " |", flush=True)
        return
    widths = (62, 9, 12, 12, 30, 7, 0)
    print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
