"""Lines of files that could not be read: which ones, why, and what of them can be saved."""

from __future__ import annotations

from json import JSONDecodeError

from ssot_probe.analysis.sources import Line
from ssot_probe.wire.otlp_json import Resource, SpanData, read_line

OTLP_KEYS = ('"resourceSpans"', '"resourceMetrics"', '"resourceLogs"')
TRACES = '{"resourceSpans":'
LONGEST_QUOTE = 60


class Unread:
    """Lines of one file that could not be read for one reason: how many, and the first of them."""

    def __init__(self) -> None:
        self.count = self.line = 0
        self.what = ""

    def add(self, line: Line, error: str) -> None:
        """Take a line, with what was wrong with it."""
        if not self.count:
            quoted = line.text if len(line.text) <= LONGEST_QUOTE else line.text[:LONGEST_QUOTE] + "..."
            self.line, self.what = line.number, f"{quoted!r} ({error})"
        self.count += 1

    def join(self, other: Unread) -> None:
        """Take over the lines of another reason."""
        if other.count and (not self.count or other.line < self.line):
            self.line, self.what = other.line, other.what
        self.count += other.count


def behind_a_tear(text: str) -> list[tuple[Resource, SpanData]]:
    """Read the message that a writer put behind a torn one, in the same line; none where there is none."""
    start = text.rfind(TRACES, 1)
    try:
        return read_line(text[start:]) if start > 0 else []
    except (ValueError, OverflowError, RecursionError):
        return []


def is_message(text: str) -> bool:
    """Does the line begin like one of ours?"""
    return text.startswith("{") and any(key in text[:200] for key in OTLP_KEYS)


def is_cut_off(text: str, error: Exception) -> bool:
    """Does the line look like what the disk, or a kill, left of a longer one?"""
    return isinstance(error, JSONDecodeError) and (text.startswith("{") or text.endswith("}"))
