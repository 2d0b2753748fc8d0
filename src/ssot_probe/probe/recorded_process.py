"""The process as its recording names it: who it is, since when, whose child, and where it is put down."""

from __future__ import annotations

import os
from time import time_ns

from ssot_probe.export.announcement import announce
from ssot_probe.export.listing import NOT_LISTED, enlist
from ssot_probe.settings import Settings


class RecordedProcess:
    """One process; in a forked child, that child.

    Args:
        settings: where recordings go.

    Attributes:
        identity: random, and unique over processes.
        armed: since when it is observed.
        started: since when the interpreter is, which a forked child has from its parent.
        parent: the process that forked this one, where that is recorded.
        listing: its place in the list of processes, as soon as there is something to record.
        has_begun: there is something to record.
        closing: how it ends; "" while it does not.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.armed = self.started = time_ns()
        self.closing = ""
        self._begin("")

    def _begin(self, parent: str) -> None:
        self.identity = os.urandom(16).hex()
        self.parent = parent
        self.listing = NOT_LISTED
        self.has_begun = self._is_announced = False

    def after_fork_in_child(self) -> None:
        """Be another one."""
        self.armed = time_ns()
        self._begin(self.identity if self.has_begun else "")

    def announce(self) -> None:
        """Leave a trace of this process before there is a recording of it."""
        if not self._is_announced:
            self._is_announced = True
            self.listing = enlist(self._settings.directory, self.identity, time_ns())
            announce(self._settings.directory, self.file_name)

    @property
    def file_name(self) -> str:
        """What its files are called, without what says of what kind they are."""
        from time import gmtime, strftime

        started = strftime("%Y%m%dT%H%M%S", gmtime(self.armed / 1e9))
        return f"{started}-{os.getpid()}-{self.identity[:8]}"
