"""Finds the application's thread-locals, and which of their values lie in the thread of an event loop.

On an event loop all users are one thread: what a thread-local holds while the loop waits is everybody's.
"""

from __future__ import annotations

import sys
from _thread import _local, get_ident
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from ssot_probe.context.current import runs_event_loop
from ssot_probe.observe.modules import namespace_of

if TYPE_CHECKING:
    from ssot_probe.observe.holding import IsFirstParty

MOST_LOCALS = 50
"""Thread-locals of the application that are looked at."""

MOST_TIMES = 16
"""Users at whose coming it is noted what belongs to the thread that they came in."""

_LOOPS = {("asyncio.base_events", "_run_once"), ("asyncio.base_events", "run_forever")}
_LOOPS |= {("asyncio.runners", "run"), ("uvloop", "run")}  # around a loop that is written in C


class ThreadLocals:
    """Finds the plain thread-locals in the application's modules; asks of each module once whose it is.

    Args:
        is_first_party: tells the application's modules.
    """

    def __init__(self, is_first_party: IsFirstParty) -> None:
        self._is_first_party = is_first_party
        self._judged: set[str] = set()
        self._own: list[str] = []

    def find(self) -> list[tuple[str, Any]]:
        """Return those that are there now, with where they stand."""
        for name in [name for name in list(sys.modules) if name not in self._judged]:
            names = namespace_of(sys.modules.get(name))
            if names:
                self._judged.add(name)
                if self._is_first_party(name, names.get("__file__")):
                    self._own.append(name)
        found: dict[int, tuple[str, Any]] = {}
        for name in self._own:
            for key, value in list(namespace_of(sys.modules.get(name)).items()):
                if type(value) is _local and len(found) < MOST_LOCALS:
                    found.setdefault(id(value), (f"{name}:{key}", value))
        return list(found.values())


def values_here(local: Any) -> dict[str, Any]:
    """Return what a plain thread-local holds for the current thread.

    Of the plain class itself: looking makes an empty dictionary at most, and runs no code.
    """
    values: dict[str, Any] = _local.__getattribute__(local, "__dict__")
    return values


class LoopValues:
    """Knows which values of thread-locals belong to the thread of an event loop.

    Only a thread itself can say which are its own: they are noted when users come.

    Args:
        is_first_party: tells the application's modules.
        on_error: told of an error of the probe's own; must not raise.
    """

    def __init__(self, is_first_party: IsFirstParty, on_error: Callable[[BaseException], None]) -> None:
        self._is_first_party = is_first_party
        self._locals = ThreadLocals(is_first_party)
        self._on_error = on_error
        self._threads: dict[int, int] = {}  # id of the values -> the thread
        self._loops: set[int] = set()  # threads that run an event loop, or did
        self._times = 0

    def note(self) -> None:
        """Note the values of this thread; to be called where a user comes. Raises nothing."""
        if self._times >= MOST_TIMES or "asyncio" not in sys.modules:
            return
        self._times += 1
        try:
            thread = get_ident()
            if runs_event_loop():
                self._loops.add(thread)
            for _, local in self._locals.find():
                self._threads[id(values_here(local))] = thread
        except Exception as error:
            self._on_error(error)

    def are_left(self, values: dict[Any, Any]) -> bool:
        """Do these values lie in the thread of an event loop in which nothing of the application runs now?

        Then whoever set them has gone on waiting, or is done, and left them to whoever runs next.
        """
        thread = self._threads.get(id(values))
        return thread is not None and self._is_waiting(thread, sys._current_frames().get(thread))

    def _is_waiting(self, thread: int, frame: FrameType | None) -> bool:
        runs_application = False
        while frame is not None:
            module = frame.f_globals.get("__name__")
            if (module, frame.f_code.co_name) in _LOOPS:
                self._loops.add(thread)
                return not runs_application
            if type(module) is str and self._is_first_party(module, frame.f_code.co_filename):
                runs_application = True
            frame = frame.f_back
        return thread in self._loops and not runs_application
