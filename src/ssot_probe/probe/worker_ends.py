"""How workers of multiprocessing end that are terminated: as who does that, and as one of them."""

from __future__ import annotations

import os
import sys
from _thread import start_new_thread
from collections.abc import Callable, Sequence

from ssot_probe.observe.terminated_workers import TerminatedWorkers
from ssot_probe.observe.watching import ModuleWatch
from ssot_probe.recorder.last_words import LastWords
from ssot_probe.termination import SPAWNED

_FORK_SERVER = "from multiprocessing.forkserver import main"
"""How the program begins that forks workers for the process that started it."""


class WorkerEnds:
    """Has the last words of workers, and says those of this process where it is one.

    Args:
        directory: where recordings go, "" where they go to no file.
        is_awake: does anything look all the time whether this worker is asked?
        forgive: told of workers right before their end: those that have nothing to record are no loss.
        end: ends the recording of this worker.
        is_deadly: does this process die of SIGTERM, and at once?
        on_error: told of an error of the probe's own; must not raise.
    """

    def __init__(
        self,
        directory: str,
        is_awake: Callable[[], bool],
        forgive: Callable[[Sequence[int]], None],
        end: Callable[[], None],
        is_deadly: Callable[[], bool],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._last_words = LastWords(directory)
        self._is_awake = is_awake
        self._forgive = forgive
        self._end = end
        self._is_deadly = is_deadly
        self._on_error = on_error
        self._maker_of_children = 0  # where they are known to be another process' workers

    def start(self, modules: ModuleWatch) -> None:
        """Hear of workers from now on."""
        if SPAWNED in sys.orig_argv:
            self._last_words.maker = os.getppid()
        elif any(argument.startswith(_FORK_SERVER) for argument in sys.orig_argv):
            self._maker_of_children = os.getppid()
        modules.listen(TerminatedWorkers(self._on_begun, self._before_terminating, modules.not_heard))

    def after_fork_in_child(self) -> None:
        """Be another process, with no workers yet."""
        self._last_words.forget()
        self._last_words.maker, self._maker_of_children = self._maker_of_children, 0

    def be_asked(self) -> None:
        """Where this is a worker, let who terminates it know that there is something to wait for."""
        self._last_words.listen()

    def attend(self) -> None:
        """Where this worker is about to be terminated, end before: in a thread, as the recorder goes on."""
        try:
            if self._last_words.are_wanted():
                start_new_thread(self._say, ())
        except Exception as error:
            self._on_error(error)

    def close(self) -> None:
        """Let nobody wait any more, and leave no file behind."""
        self._last_words.are_said()
        self._last_words.close()

    def _say(self) -> None:
        if self._is_deadly():
            self._end()  # unless it ends already: who asks waits for that
        else:
            self._last_words.are_said()

    def _on_begun(self, maker: int) -> None:
        if maker != self._last_words.maker:
            self._last_words.forget()
            self._last_words.maker = maker
        if self._is_awake():
            self._last_words.listen()

    def _before_terminating(self, workers: Sequence[int]) -> None:
        self._last_words.ask(workers)
        self._forgive(workers)
