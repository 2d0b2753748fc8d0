"""The report on a terminal: a table of the findings, then each with a table of its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ssot_probe.report import tables
from ssot_probe.report.layout import actor, alarm, header, is_one_process, place, totals
from ssot_probe.report.sanitize import clean
from ssot_probe.report.segments import Line
from ssot_probe.report.view import View

STYLES = {
    "alarm": "bold red",
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold cyan",
    "heading": "bold",
    "place": "cyan",
    "faint": "dim",
}


def print_to_terminal(view: View, stream: TextIO) -> None:
    """Print the report in colour, as wide as the terminal is. Places stay whole: they can be clicked."""
    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    _print_lines(console, [*alarm(view["evidence"]), *header(view)])
    findings: Sequence[View] = view["findings"]
    if findings:
        console.print(_overview(findings))
        for finding in findings:
            _print_finding(console, finding, is_one_process(view))
    _print_lines(console, [*tables.lines_of(view), *totals(view)])


def print_lines(lines: Iterable[Line], stream: TextIO) -> None:
    """Print lines in colour, none of them wrapped."""
    _print_lines(Console(file=stream, highlight=False, markup=False, emoji=False), lines)


def _print_lines(console: Console, lines: Iterable[Line]) -> None:
    for line in lines:
        parts = [(segment.text, STYLES.get(segment.role, "")) for segment in line]
        console.print(Text.assemble(*parts), soft_wrap=True)


def _overview(findings: Sequence[View]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("severity")
    table.add_column("code", no_wrap=True)
    table.add_column("finding", no_wrap=True)
    table.add_column("concept", overflow="fold")
    table.add_column("subject", overflow="fold")
    table.add_column("count", justify="right")
    for finding in findings:
        severity = _severity(finding)
        table.add_row(
            Text(severity, STYLES.get(severity, "dim")),
            finding["code"],
            finding["rule"],
            clean(finding["concept"]),
            clean(finding["subject"]),
            str(finding["count"]),
        )
    return table


def _print_finding(console: Console, finding: View, in_one_process: bool) -> None:
    severity = _severity(finding)
    heading = Text.assemble(
        (finding["code"], STYLES.get(severity, "dim")),
        (f" {finding['rule']} ", "dim"),
        (clean(finding["subject"]), "bold"),
    )
    console.print(heading, soft_wrap=True)
    console.print(Padding(Text(clean(finding["message"])), (0, 0, 0, 2)))
    if finding["waiver"]:
        console.print(Padding(Text(f"waived: {clean(finding['waiver'])}"), (0, 0, 0, 2)))
    if finding["evidence"]:
        console.print(Padding(_evidence(finding["evidence"], in_one_process), (0, 0, 0, 4)))
    console.print()


def _evidence(lines: Sequence[Mapping[str, Any]], in_one_process: bool) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style=STYLES["place"])
    table.add_column(overflow="fold")
    table.add_column(style="dim", overflow="fold")
    before: Mapping[str, Any] = {}
    for line in lines:
        table.add_row(place(line), clean(line["what"]), actor(line, before))
        before = line if in_one_process and (line["thread"] or line["task"]) else before
    return table


def _severity(finding: View) -> str:
    return "waived" if finding["status"] == "waived" else str(finding["severity"])
