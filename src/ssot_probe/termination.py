"""Lets a recording have its last word when SIGTERM ends the process.

The handler does what nobody else would: it stands in for the default action only, and takes it in the end. To
the application it is the default action: `signal.signal` and `signal.getsignal` say SIG_DFL where it stands,
and put it there where they are given that, so that who asks for the handler before their own gets what they
would have got, and gives it back.

Workers of multiprocessing and billiard keep the default action. Python runs a handler between instructions:
not in a worker that computes in C, nor in one that goes to wait for work just when the signal comes. Whoever
terminates a worker waits for its end, and would do so for ever. Only where a worker has handled the signal
itself and puts the default action back, as servers do that have shut down, ours stands in for it.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what stands there in truth
import os
import sys
from collections.abc import Callable
from functools import wraps
from types import FrameType
from typing import Any

from ssot_probe.observe.unseen_frames import leave_out, unseen

WAITED_FOR = ("multiprocessing", "billiard")
"""Packages that end their workers by SIGTERM, and wait until they have ended."""

SPAWNED = "--multiprocessing-fork"
"""On the command line of a worker that was not forked."""


class Termination:
    """Handles SIGTERM where the process would just die of it.

    Args:
        is_wanted: the last word matters; otherwise nothing is done.
        on_signal: called in the main thread, between two of its instructions; the process dies after it.

    Attributes:
        refusal: why it is not handled though it is wanted, "" where it is.
    """

    def __init__(self, is_wanted: bool, on_signal: Callable[[], None]) -> None:
        self._is_wanted = is_wanted
        self._on_signal = on_signal
        self._handler = self._handle  # each look at the method makes another one
        self._is_held = self._has_come = self._is_worker = self._has_handled = False
        self._disguised: dict[str, tuple[Any, Any]] = {}  # name in `signal` -> what was there, and ours
        self.refusal = ""

    @property
    def is_on(self) -> bool:
        """Is it handled?"""
        return bool(self._disguised)

    @property
    def is_deadly(self) -> bool:
        """Does the process just die of it, and at once?"""
        return bool(_signal.getsignal(_signal.SIGTERM) == _signal.SIG_DFL) and not _is_held_back()

    def start(self) -> None:
        """Begin to handle it, unless the application does."""
        if not self._is_wanted:
            return
        import signal

        if os.getpid() == 1:
            self.refusal = "the default action does not end process 1: run it below an init"
            return
        if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
            self.refusal = "the application handles it, or takes no notice of it"
            return
        self._is_worker = SPAWNED in sys.orig_argv
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL if self._is_worker else self._handler)
        except (OSError, ValueError):
            self.refusal = "only the main thread can handle a signal, and another one started the probe"
        else:
            self._disguise()

    def after_fork_in_child(self) -> None:
        """Put the default action back in a worker whose parent waits for it to die."""
        frame = sys._getframe(1)
        while frame is not None and _package(frame) in ("ssot_probe", "gevent", "eventlet"):
            frame = frame.f_back  # type: ignore[assignment]
        if frame is None or _package(frame) not in WAITED_FOR:
            return
        self._is_worker, self._has_handled = True, False
        if _signal.getsignal(_signal.SIGTERM) is self._handler:
            _signal.signal(_signal.SIGTERM, _signal.SIG_DFL)

    def hold(self) -> None:
        """Let a signal wait: the probe is writing its last words."""
        self._is_held = True

    def release(self) -> None:
        """Put the default action back, unless the application's is there; take it if the signal has come."""
        self._is_held = False
        if not self._disguised:
            return
        self._undisguise()
        if _signal.getsignal(_signal.SIGTERM) is self._handler:
            try:
                _signal.signal(_signal.SIGTERM, _signal.SIG_DFL)
            except (OSError, ValueError):
                return  # not in the main thread: what is there now takes the default action
        if self._has_come:
            _die()

    @unseen
    def _disguise(self) -> None:
        """Be the default action to who asks for the handler, or sets that."""
        import signal

        ours, default, kinds = self._handler, signal.SIG_DFL, (int, signal.Handlers)
        set_handler, get_handler = signal.signal, signal.getsignal

        @wraps(set_handler)
        def ssot_probe_signal(signalnum: Any, handler: Any) -> Any:
            is_default = type(handler) in kinds and handler == default
            is_ours = self._disguised and is_default and (self._has_handled or not self._is_worker)
            is_sigterm = signalnum == signal.SIGTERM
            try:
                before = set_handler(signalnum, ours if is_ours and is_sigterm else handler)
            except BaseException as error:
                leave_out(error)
                raise
            if is_sigterm and not is_default:
                self._has_handled = True
            return default if before is ours else before

        @wraps(get_handler)
        def ssot_probe_getsignal(signalnum: Any) -> Any:
            try:
                handler = get_handler(signalnum)
            except BaseException as error:
                leave_out(error)
                raise
            return default if handler is ours else handler

        self._disguised = {
            "signal": (set_handler, ssot_probe_signal),
            "getsignal": (get_handler, ssot_probe_getsignal),
        }
        for name, (_, answers) in self._disguised.items():
            setattr(signal, name, answers)

    def _undisguise(self) -> None:
        import signal

        disguised, self._disguised = self._disguised, {}
        for name, (original, answers) in disguised.items():
            if getattr(signal, name) is answers:
                setattr(signal, name, original)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._is_held:
            self._has_come = True
            return
        try:
            self._on_signal()
        finally:
            _die()


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _is_held_back() -> bool:
    """Does the main thread let SIGTERM wait?"""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            (mask,) = [int(line.split()[1], 16) for line in file if line.startswith("SigBlk:")]
    except (OSError, ValueError):
        return False
    return bool(mask >> (_signal.SIGTERM - 1) & 1)


def _die() -> None:
    """Take the default action: whoever waits for the process sees which signal ended it."""
    _signal.signal(_signal.SIGTERM, _signal.SIG_DFL)
    os.kill(os.getpid(), _signal.SIGTERM)
