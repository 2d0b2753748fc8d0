"""The report as text: coloured on a terminal, plain everywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from ssot_probe.report.layout import lines_of
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


def render(view: View) -> str:
    """Return the report without any colour, one line for each message and each observation."""
    lines = ("".join(segment.text for segment in line).rstrip() for line in lines_of(view))
    return "\n".join(lines) + "\n"


def print_to_terminal(view: View, stream: TextIO) -> None:
    """Print the report in colour."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    for line in lines_of(view):
        parts = [(segment.text, STYLES.get(segment.role, "")) for segment in line]
        console.print(Text.assemble(*parts), soft_wrap=True)


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Is the stream a terminal whose user has not asked for plain text?"""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
