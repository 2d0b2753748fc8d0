"""Leaves the empty file of a recording, as soon as there is something to record.

A process that is killed before its first cycle has left a trace then: who judges the recording of the others
knows that there was one more.
"""

from __future__ import annotations

import os


def announce(directory: str, process: str) -> None:
    """Make `<directory>/<process>.traces.jsonl`, if it can be made: the exporter tells when it can not."""
    try:
        os.makedirs(directory, mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        os.close(os.open(os.path.join(directory, f"{process}.traces.jsonl"), flags, 0o600))
    except OSError:
        return
