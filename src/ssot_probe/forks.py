"""Tells the probe of the process's forks, and of the end of multiprocessing's children.

Hooks at forks cannot be taken back, so there is one set of them in a process, which points to its probe.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Optional, Protocol


class Forked(Protocol):
    """What is told."""

    @property
    def is_active(self) -> bool:
        """Is there anything to tell it?"""

    def before_fork(self) -> None:
        """A fork is next."""

    def after_fork_in_parent(self) -> None:
        """There was a fork, and this is the process that was."""

    def after_fork_in_child(self) -> None:
        """There was a fork, and this is the new process."""

    def end(self) -> None:
        """The process ends without running what `atexit` knows."""

    def report_error(self, error: BaseException) -> None:
        """Telling it raised this."""


_listener: Optional[Forked] = None
_is_hooked = _goes_first = _is_known_to_multiprocessing = False


def tell(listener: Forked) -> None:
    """Tell this one of forks from now on, and nobody else."""
    global _listener, _is_hooked
    _listener = listener
    if not _is_hooked and hasattr(os, "register_at_fork"):
        _is_hooked = True
        os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)


def tell_first() -> None:
    """Tell of forks before those are told whose locks a thread of ours may wait for while it imports.

    Of the hooks before a fork the last one that was registered runs first, and those of logging and of thread
    pools take a lock. Both are loaded here: a thread that loads them while a fork is on its way would let
    their later hooks release what the earlier ones, not yet there, never took.
    """
    global _goes_first
    if not _is_hooked or _goes_first:
        return
    _goes_first = True
    import logging  # noqa: F401

    os.register_at_fork(before=_before)
    try:
        import concurrent.futures.thread  # noqa: F401
    except RuntimeError:
        return  # the interpreter is about to end
    os.register_at_fork(before=_before)


def _before() -> None:
    _tell(_prepare)


def _prepare(listener: Forked) -> None:
    listener.before_fork()
    _flush_at_end_of_multiprocessing_children()


def _after_in_parent() -> None:
    _tell(lambda listener: listener.after_fork_in_parent())


def _after_in_child() -> None:
    _tell(lambda listener: listener.after_fork_in_child())


def _stop() -> None:
    _tell(lambda listener: listener.end())


def _tell(what: Callable[[Forked], None]) -> None:
    listener = _listener
    if listener is None or not listener.is_active:
        return
    try:
        what(listener)
    except Exception as error:
        listener.report_error(error)


def _flush_at_end_of_multiprocessing_children() -> None:
    """Children of multiprocessing leave by `os._exit`, past atexit; its own finalizers still run."""
    global _is_known_to_multiprocessing
    util = sys.modules.get("multiprocessing.util")
    if util is not None and not _is_known_to_multiprocessing:
        _is_known_to_multiprocessing = True
        util.register_after_fork(_stop, lambda stop: util.Finalize(None, stop, exitpriority=-100))
