"""The pump: one daemon thread per process that runs the recorder's cycles; it starts with the first record.

It is started through `_thread` and sleeps on a plain lock, both taken before anything could monkey-patch
them, so it neither shows up among the application's threads nor depends on its event loop.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock, get_ident, get_native_id, start_new_thread
from collections.abc import Callable
from time import monotonic, sleep
from typing import TYPE_CHECKING, Optional

from ssot_probe.losses import THREAD, Losses
from ssot_probe.observe.threads import LOADING_SECONDS, Turn, are_about_to_be_replaced

if TYPE_CHECKING:
    from ssot_probe.recorder.recorder import Recorder

INTERVAL = 0.1
"""Seconds between two cycles: by so much a killed process may lose what is new."""

REST_SECONDS = 0.001
"""Between two slices of a cycle, for the application."""

STARTING_SECONDS = 2.0
"""How long the first cycle waits for the service to load its modules: it would only slow that down."""

LONGEST_START = 5.0
"""How long it waits at most while more and more modules come. A module that serves comes to no end."""

PROGRESS_SECONDS = 0.5
"""Between two modules, for as long as more and more are said to come."""

LAST_WORD_SECONDS = 0.25
"""Of the time for ending, what is kept for writing down that an exporter did not end in time."""


class _Turn(Turn):
    """One thread's time at the pump."""

    def __init__(self) -> None:
        super().__init__()
        self.is_final = False
        self.seconds = INTERVAL


class Pump:
    """Runs a recorder until it is stopped.

    Args:
        make_recorder: builds the recorder in the pump's thread, so that what it needs is loaded there.
        is_loading: is the service loading modules?
        look: looks at what nothing tells of, before each cycle.
        attend: called whenever the thread wakes, though it be too early for a cycle; must not raise.
        losses: where failures are counted.
        on_error: told of an error of the probe's own; must not raise.
    """

    def __init__(
        self,
        make_recorder: Callable[[], Recorder],
        is_loading: Callable[[], bool],
        look: Callable[[], None],
        attend: Callable[[], None],
        losses: Losses,
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._make_recorder = make_recorder
        self._is_loading = is_loading
        self._look = look
        self._attend = attend
        self._losses = losses
        self._on_error = on_error
        self.forget()

    def forget(self) -> None:
        """Be as new: a forked child has neither the thread nor the parent's recorder."""
        self._recorder: Optional[Recorder] = None
        self._turn: Optional[_Turn] = None
        self._left: Optional[_Turn] = None
        self._cycling = allocate_lock()
        self._starting = allocate_lock()
        self._cycles = 0
        self._started = monotonic()
        self._modules = 0  # so many there were at the last look
        self._grew = self._started

    @property
    def has_recorder(self) -> bool:
        """Has anything been recorded yet?"""
        return self._recorder is not None

    @property
    def has_begun(self) -> bool:
        """Has anything been written or sent?"""
        return self._recorder is not None and self._recorder.has_begun

    @property
    def is_running(self) -> bool:
        """Is there a thread that was not told to stop?"""
        return self._turn is not None

    def start(self) -> None:
        """Start the thread, if none is running; where none can be had, the last cycle still runs at exit."""
        if self._turn is not None or not self._starting.acquire(blocking=False):
            return
        try:
            if self._turn is None:
                self._turn = turn = _Turn()
                start_new_thread(self._run, (turn,))
        except RuntimeError:
            self._turn = None
            self._losses.add(THREAD, 0)
        finally:
            self._starting.release()

    def pause(self, seconds: float) -> bool:
        """Stop all threads before a fork, keeping what waits. Was one running?"""
        turn = self._turn
        if turn is None:
            return False
        self._turn = None
        turn.end_before_fork(seconds if self._cycles else LOADING_SECONDS)
        if self._recorder is not None:
            self._recorder.pause(seconds)
        return True

    def flush(self, seconds: float) -> bool:
        """Record and export what has come up until now. False where that took longer than allowed."""
        turn = self._turn
        if turn is None:
            self._cycle(seconds)
            return True
        self._started = -LONGEST_START
        target = self._cycles + 2  # the cycle that runs may have begun before the last item came
        deadline = monotonic() + seconds
        while self._cycles < target and monotonic() < deadline:
            turn.ring()
            sleep(0.002)
        return self._cycles >= target

    def finish(self, seconds: float) -> bool:
        """Record and deliver what is left; False where that takes more than so many seconds. Starts none."""
        self._left = self._turn
        if self._turn is None:
            self._cycle(seconds, is_final=True)
            return True
        if self._stop(seconds, is_final=True):
            return True
        if self._recorder is not None:
            self._recorder.give_up()
        return False

    def wait(self, seconds: float) -> None:
        """Wait for a thread that has not finished in time."""
        if self._left is not None:
            self._left.finished.acquire(timeout=seconds)

    def _stop(self, seconds: float, is_final: bool = False) -> bool:
        """Tell the thread to end. False where it did not within so many seconds."""
        turn, self._turn = self._turn, None
        if turn is None:
            return True
        turn.is_final, turn.seconds = is_final, seconds
        turn.stop()
        return turn.finished.acquire(timeout=seconds)

    def _run(self, turn: _Turn) -> None:
        turn.thread = get_ident()
        turn.native_id = get_native_id()
        try:
            while not turn.is_stopping:
                turn.bell.acquire(timeout=INTERVAL)
                if turn.is_stopping:
                    break
                self._attend()
                if not self._must_wait():
                    self._cycle(INTERVAL, turn)
            if turn.is_final:
                self._cycle(turn.seconds, turn, is_final=True)
        finally:
            turn.finished.release()

    def _must_wait(self) -> bool:
        """Is the service still loading its modules, so that there is no hurry with the first cycle?"""
        if self._cycles:
            return False
        now = monotonic()
        elapsed = now - self._started
        if are_about_to_be_replaced():
            return True
        if not self._is_loading():
            return False
        if len(sys.modules) != self._modules:
            self._modules, self._grew = len(sys.modules), now
        return elapsed < STARTING_SECONDS or (elapsed < LONGEST_START and now - self._grew < PROGRESS_SECONDS)

    def _look_around(self) -> None:
        """Look at what nothing tells of; where that fails, what was told still has to be recorded."""
        try:
            self._look()
        except Exception as error:
            self._on_error(error)

    def _cycle(self, seconds: float, turn: _Turn | None = None, is_final: bool = False) -> None:
        """Run one cycle, unless another thread's takes longer than so many seconds."""
        deadline = monotonic() + seconds
        if not self._cycling.acquire(timeout=seconds):
            return
        try:
            if self._recorder is None:
                self._recorder = self._make_recorder()
            self._look_around()

            def rest() -> None:
                if turn is not None and not turn.is_stopping:
                    sleep(REST_SECONDS)

            for _ in self._recorder.cycle(is_final, rest):
                if turn is not None and turn.is_stopping and not is_final:
                    break  # a fork is near
            if is_final:
                self._recorder.close(max(0.0, deadline - monotonic() - LAST_WORD_SECONDS))
        except Exception as error:
            self._on_error(error)
        finally:
            self._cycles += 1
            self._cycling.release()
