"""The processes that this one forks or starts: which of them record, and which nobody will see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import time_ns
from typing import TYPE_CHECKING, Optional

from ssot_probe.export.listing import Listing, listed_since
from ssot_probe.model.process_records import CHILD_PROCESSES, BlindRecord
from ssot_probe.recorder.children import Children

if TYPE_CHECKING:
    from ssot_probe.observe.started_programs import StartedPrograms


class Descendants:
    """What passes between a process and those that come from it.

    Args:
        tell_before_exec: told why, where this process itself becomes a program that will not record.
        wake: called when it has started one: from now on it must not go unnoticed.
        before_leaving: called where nothing may come after: told the status of the process, and whether this
            is how such ones end.
        is_own_code: is a module, in a file, the application's own?
        short: returns the name of a file as it is told.
        on_error: told of an error of the probe's own; must not raise.
    """

    def __init__(
        self,
        tell_before_exec: Callable[[BlindRecord], None],
        wake: Callable[[], None],
        before_leaving: Callable[[int, bool], None],
        is_own_code: Callable[[str, str], bool],
        short: Callable[[str], str],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._tell_before_exec = tell_before_exec
        self._wake = wake
        self._before_leaving = before_leaving
        self._is_own_code = is_own_code
        self._short = short
        self._on_error = on_error
        self._children = Children()
        self._programs: Optional[StartedPrograms] = None  # only where silence is to prove something

    def hear_programs(self) -> None:
        """Hear of programs that are started from now on."""
        try:
            from ssot_probe.observe.started_programs import StartedPrograms

            self._programs = StartedPrograms(self, self._is_own_code, self._short, self._on_error)
            self._programs.start()
        except Exception as error:
            self._on_error(error)

    def begin(self, identity: str) -> None:
        """Tell the process that forked this one, once, that there is something to record here."""
        self._children.begin(identity)

    def expected(self, is_final: bool) -> list[str]:
        """Return the identities of forked children that there should be recordings of, each once."""
        return self._children.look(is_final)

    def forgive(self, pids: Sequence[int]) -> None:
        """Expect nothing of children that have nothing to record and are about to be terminated."""
        self._children.forgive(pids)

    def blind_spots(self, listing: Listing, armed: int) -> list[BlindRecord]:
        """Hear no more, and return which programs did not record: until the end they may have begun to.

        Args:
            listing: the list that those which record are in.
            armed: since when this process is observed.
        """
        if self._programs is None:
            return []
        self._programs.stop()
        found = self._programs.blind_spots(lambda: listed_since(listing, armed))
        if self._children.some_became_unrecorded():
            reason = "a forked one became a Python program without the probe"
            found.append(BlindRecord(CHILD_PROCESSES, reason, time_ns()))
        if self._children.some_are_unknown():
            found.append(BlindRecord(CHILD_PROCESSES, "more were forked at once than are known", time_ns()))
        return found

    def before_fork(self) -> None:
        """Have ready what a child needs to tell of itself."""
        self._children.before_fork()
        if self._programs is not None:
            self._programs.before_fork()

    def after_fork_in_child(self, identity: str) -> None:
        """Be a child, from which nothing has come yet."""
        self._children.after_fork_in_child()
        if self._programs is not None:
            if not self._programs.is_starting:
                self._children.be_known(identity)
            self._programs.after_fork_in_child()

    # What the process is about to do

    def on_unrecorded(self) -> None:
        """Go unnoticed no more."""
        self._wake()

    def before_exec(self, unrecorded: Optional[BlindRecord]) -> None:
        """Let somebody know if this process becomes a program that nobody will see."""
        if unrecorded is not None:
            if self._children.has_parent:
                self._children.become_unrecorded()
            else:
                self._tell_before_exec(unrecorded)
        self._children.leave(becomes_program=True)
        self._before_leaving(0, False)  # it may fail, so it is no end

    def before_exit(self, status: int, is_orderly: bool) -> None:
        """Be no loss where this process leaves at once; else lose as little as can be."""
        self._children.leave(becomes_program=False)
        self._before_leaving(status, is_orderly)
