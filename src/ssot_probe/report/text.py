"""The report as plain text: for files, pipes and terminals that want no colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import TextIO

from ssot_probe.report.layout import lines_of
from ssot_probe.report.segments import Line
from ssot_probe.report.view import View


def render(view: View) -> str:
    """Return the report without any colour, one line for each message and each observation."""
    return plain(lines_of(view))


def plain(lines: Iterable[Line]) -> str:
    """Return lines without any colour."""
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines) + "\n"


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Is the stream a terminal whose user has not asked for plain text, and is rich there to use it?"""
    is_wanted = stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return is_wanted and find_spec("rich") is not None
