"""The pump: one daemon thread per process that runs the recorder's cycles; it starts with the first record.

It is started through `_thread` and sleeps on a plain lock, both taken before anything could monkey-patch
them, so it neither shows up among the application's threads nor depends on its event loop.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock, get_ident, start_new_thread
from collections.abc import Callable
from time import monotonic, sleep
from typing import TYPE_CHECKING, Optional

from ssot_probe.losses import THREAD, Losses

if TYPE_CHECKING:
    from ssot_probe.recorder.recorder import Recorder

INTERVAL = 0.2
"""Seconds between two cycles: what a killed process may lose."""


class Pump:
    """Runs a recorder until it is stopped.

    Args:
        make_recorder: builds the recorder in the pump's thread, so that what it needs is loaded there.
        losses: where failures are counted.
        on_error: told of an error of the probe's own; must not raise.
    """

    def __init__(
        self, make_recorder: Callable[[], Recorder], losses: Losses, on_error: Callable[[BaseException], None]
    ) -> None:
        self._make_recorder = make_recorder
        self._losses = losses
        self._on_error = on_error
        self._recorder: Optional[Recorder] = None
        self._names: dict[int, str] = {}
        self._cycles = 0
        self._reset()

    def _reset(self) -> None:
        self._bell = allocate_lock()
        self._bell.acquire()
        self._finished = allocate_lock()
        self._is_stopping = self._is_final = False
        self._seconds = 0.0
        self.is_running = False
        self.thread = 0

    def start(self) -> None:
        """Start the thread, if none is running; where none can be had, the last cycle still runs at exit."""
        if self.is_running:
            return
        self._reset()
        self.is_running = True
        self._finished.acquire()
        try:
            start_new_thread(self._run, ())
        except RuntimeError:
            self.is_running = False
            self._losses.add(THREAD, 0)

    def pause(self, seconds: float) -> bool:
        """Stop the thread before a fork, keeping what waits. Was one running?"""
        return self._stop(seconds, is_final=False)

    def flush(self, seconds: float) -> bool:
        """Record and export what has come up until now. False where that took longer than allowed."""
        if not self.is_running:
            self._cycle()
            return True
        target = self._cycles + 2  # the cycle that runs may have begun before the last item came
        deadline = monotonic() + seconds
        while self._cycles < target and monotonic() < deadline:
            self._ring()
            sleep(0.002)
        return self._cycles >= target

    def finish(self, seconds: float) -> None:
        """Record and deliver what is left, within so many seconds. Starts no thread."""
        if self.is_running:
            self._stop(seconds, is_final=True)
            return
        self._is_final, self._seconds = True, seconds
        self._cycle()

    def forget(self) -> None:
        """Be as new: a forked child has neither the thread nor the parent's recorder."""
        self._recorder = None
        self._names.clear()
        self._reset()

    def note_thread(self, name: str) -> None:
        """Remember the current thread's name, for events that carry only its number."""
        self._names[get_ident()] = name

    def _stop(self, seconds: float, is_final: bool) -> bool:
        if not self.is_running:
            return False
        self._is_final = is_final
        self._seconds = seconds
        self._is_stopping = True
        self._ring()
        self._finished.acquire(timeout=seconds)
        self.is_running = False
        return True

    def _ring(self) -> None:
        try:
            self._bell.release()
        except RuntimeError:
            return  # it rings already

    def _run(self) -> None:
        self.thread = get_ident()
        finished = self._finished
        try:
            while not self._is_stopping:
                self._bell.acquire(timeout=INTERVAL)
                if not self._is_stopping:
                    self._cycle()
            if self._is_final:
                self._cycle()
        finally:
            finished.release()

    def _cycle(self) -> None:
        try:
            started = monotonic()
            if self._recorder is None:
                self._recorder = self._make_recorder()
            self._recorder.cycle(self._thread_name, self._is_final)
            if self._is_final:
                self._recorder.close(max(0.0, self._seconds - (monotonic() - started)))
        except Exception as error:
            self._on_error(error)
        finally:
            self._cycles += 1

    def _thread_name(self, ident: int) -> str:
        known = self._names.get(ident)
        if known is None:
            threading = sys.modules.get("threading")
            thread = None if threading is None else threading._active.get(ident)
            known = "" if thread is None else str(thread._name)
            self._names[ident] = known
        return known
