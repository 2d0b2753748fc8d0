"""The table of results, for a terminal or plain."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TextIO

from benchmarks.readings import Reading, Spread

COLUMNS = ("what", "median", "lowest … highest", "goal", "verdict")
MET, MISSED = "goal met", "goal missed"


def verdict(reading: Reading) -> str:
    """Return whether the reading's goal was met, "" where it has none."""
    if reading.goal is None:
        return ""
    return MET if reading.goal.is_met_by(reading.spread) else MISSED


def summary(readings: Sequence[Reading]) -> str:
    """Return one line on all goals."""
    verdicts = [verdict(reading) for reading in readings]
    return f"{verdicts.count(MET)} goals met, {verdicts.count(MISSED)} missed"


def print_table(readings: Sequence[Reading], stream: TextIO) -> None:
    """Print all readings, those of one group together."""
    if stream.isatty():
        try:
            _print_in_colour(readings, stream)
        except ImportError:  # rich is an extra
            pass
        else:
            return
    _print_plain(readings, stream)


def _print_plain(readings: Sequence[Reading], stream: TextIO) -> None:
    cells = [COLUMNS, *(_cells(reading) for reading in readings)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(COLUMNS))]
    lines = iter([_line(row, widths) for row in cells])
    stream.write(next(lines) + "\n")
    for group, members in groupby(readings, key=lambda reading: reading.group):
        stream.write(f"\n{group}\n")
        stream.writelines(next(lines) + "\n" for _ in members)


def _print_in_colour(readings: Sequence[Reading], stream: TextIO) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    styles = {MET: "green", MISSED: "bold red", "": "dim"}
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in (COLUMNS[0], COLUMNS[-1]) else "right")
    for group, members in groupby(readings, key=lambda reading: reading.group):
        table.add_row(f"[bold]{group}[/bold]")
        for reading in members:
            *cells, said = _cells(reading)
            table.add_row(f"  {cells[0]}", *cells[1:], f"[{styles[said] or 'default'}]{said}[/]")
    Console(file=stream, highlight=False).print(table)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    what, *numbers, said = row
    columns = [what.ljust(widths[0]), *(text.rjust(width) for text, width in zip(numbers, widths[1:])), said]
    return "  ".join(columns).rstrip()


def _cells(reading: Reading) -> tuple[str, str, str, str, str]:
    middle, ends = _numbers(reading.spread, reading.unit)
    goal = "" if reading.goal is None else str(reading.goal)
    return reading.what, middle, ends, goal, verdict(reading)


def _numbers(spread: Spread, unit: str) -> tuple[str, str]:
    if unit:
        return f"{spread.median:+,.0f} {unit}", f"{spread.lowest:+,.0f} … {spread.highest:+,.0f}"
    return f"{spread.median:.3f}", f"{spread.lowest:.3f} … {spread.highest:.3f}"
