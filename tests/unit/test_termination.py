"""What stands in the way of a last word at SIGTERM is said."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import os
import signal

import pytest

from ssot_probe.termination import Termination


def never() -> None:
    raise AssertionError("nobody sent a signal")


def test_process_1_keeps_the_default_action_as_the_kernel_does_not_take_it_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(os, "getpid", lambda: 1)
    termination = Termination(True, never)
    termination.start()
    assert termination.refusal == "the default action does not end process 1: run it below an init"
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_default_action_is_back_after_the_end_and_so_is_who_tells_of_it() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    told_by = signal.signal, signal.getsignal
    try:
        termination = Termination(True, never)
        termination.start()
        assert _signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        termination.hold()
        termination.release()
        assert _signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        assert (signal.signal, signal.getsignal) == told_by
    finally:
        signal.signal(signal.SIGTERM, before)
