from __future__ import annotations

import io

from ssot_probe.report.progress import WORTH_SHOWING, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(total: int, stream: io.StringIO) -> str:
    with progress(total, stream) as advance:
        advance(total)
    return stream.getvalue()


def test_a_large_recording_shows_a_bar_on_a_terminal() -> None:
    assert "reading the recording" in shown(WORTH_SHOWING, Terminal())


def test_a_small_recording_or_a_file_shows_nothing() -> None:
    assert shown(WORTH_SHOWING - 1, Terminal()) == ""
    assert shown(WORTH_SHOWING, io.StringIO()) == ""
