"""Tells the application's log, in one line per outage, that records cannot be delivered or written.

The line goes to the logger `ssot_probe` where the application has said what becomes of log lines. Where it
has not, logging would write to standard error, which is the application's: nothing is said there unless
errors are to be shown.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import monotonic

QUIET_SECONDS = 600.0
"""Between two lines: what comes and goes all the time is one outage."""


class Outages:
    """Tells of the outages of one exporter.

    Args:
        tell: takes the line; must not raise.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._is_on = False
        self._told = -QUIET_SECONDS

    def begin(self, what: str) -> None:
        """It does not work; the first time, and after it worked for a while, that is told."""
        if self._is_on:
            return
        self._is_on = True
        if monotonic() - self._told >= QUIET_SECONDS:
            self._told = monotonic()
            self._tell(f"ssot-probe: {what}; what is lost is counted, and told with the recording")

    def end(self) -> None:
        """It works."""
        self._is_on = False


def write_to_log(line: str, is_shown: bool) -> None:
    """Write a line to the application's log; where it has none, to standard error if errors are shown."""
    try:
        logging = sys.modules.get("logging")
        if logging is not None and logging.getLogger("ssot_probe").hasHandlers():
            logging.getLogger("ssot_probe").warning("%s", line)
        elif is_shown:
            sys.stderr.write(line + "\n")
    except Exception:
        return  # nobody can be told; what is lost is counted all the same
