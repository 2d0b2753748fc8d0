"""Asks the application for the labels of its users, in a thread of its own: nobody waits for the answer.

The callable that the policy names is the application's code: it may raise, block, or make instances of what
is observed. It is asked once for each user whose label matters, and never again once it did not come back.
Where the application has not loaded its module, the thread does so, late.
"""

from __future__ import annotations

import sys
from _thread import get_ident, get_native_id, start_new_thread
from collections import deque
from collections.abc import Callable
from time import monotonic, sleep
from types import CoroutineType
from typing import Any, Optional

from ssot_probe.context.sources import find_source, is_main, reading
from ssot_probe.model.names import split
from ssot_probe.observe.threads import Turn

LABEL_SECONDS = 1.0
"""A callable that takes longer than this for one user is not asked again."""

LOADING_SECONDS = 5.0
"""So long the application has time to load the callable's module itself, unless it ends before."""

MOST_LABELS = 10_000


class UserLabels:
    """The labels that are known, and the thread that asks for the others.

    Args:
        label: the callable, as `module:name`.
        on_blind: told why labels cannot be had; must not raise.

    Attributes:
        known: user id -> label; None for a user who has none.
        is_given_up: no more answers will come.
    """

    def __init__(self, label: str, on_blind: Callable[[str], None]) -> None:
        self._label = label
        self._on_blind = on_blind
        self.forget()

    def forget(self) -> None:
        """Be as new: a forked child has no thread, and users of its own."""
        self.known: dict[str, Optional[str]] = {}
        self._asked: set[str] = set()
        self._waiting: deque[str] = deque()
        self._turn: Optional[Turn] = None
        self._began = 0.0  # the call that runs now; 0 for none
        self._load_from = 0.0  # 0 before there was a question
        self._is_script = self._is_load_tried = False
        self._told: set[str] = set()
        self.is_given_up = False

    def start(self) -> None:
        """Start the thread, if there is none: when the process ends it would be too late for one."""
        self._is_script = is_main(split(self._label)[0])  # it knows while the script runs
        if self._turn is None and not self.is_given_up:
            self._turn = turn = Turn()
            try:
                start_new_thread(self._run, (turn,))
            except RuntimeError:
                self._turn = None

    def ask(self, user: str) -> None:
        """Ask for the user's label, unless it was asked for."""
        if user in self._asked or len(self._asked) >= MOST_LABELS or self.is_given_up:
            return
        self._asked.add(user)
        self._load_from = self._load_from or monotonic() + LOADING_SECONDS
        self._waiting.append(user)
        self.start()
        if self._turn is not None:
            self._turn.ring()

    def look_after(self) -> None:
        """Give up on a call that does not come back."""
        began = self._began
        if began and monotonic() - began > LABEL_SECONDS:
            self._give_up(f"it took longer than {LABEL_SECONDS:.0f} s for one user")

    def settle(self, seconds: float) -> None:
        """Wait for the answers that are still to come, for so many seconds at most; then ask no more."""
        deadline = monotonic() + seconds
        self._load_from = monotonic()
        if self._turn is not None:
            self._turn.ring()
        while self._is_busy and monotonic() < deadline:
            if self._is_load_tried and self._function() is None:
                break
            if self._turn is None or self.is_given_up:
                break
            sleep(0.001)
        if self._is_busy and not self.is_given_up:
            self._give_up(
                "it was never loaded" if self._function() is None else "the process ended before it answered"
            )

    def pause(self, seconds: float) -> None:
        """End the thread before a fork; the next question starts another one."""
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.end_before_fork(seconds)

    @property
    def _is_busy(self) -> bool:
        return bool(self._waiting or self._began)

    def _function(self) -> Any:
        module, name = split(self._label)
        return find_source(module, name)

    def _load(self) -> None:
        """Load the callable's module: nobody else has, but the policy says that it is to be asked."""
        module = split(self._label)[0]
        try:
            if module not in sys.modules and not self._is_script:  # it would run a second time
                __import__(module)
        except ModuleNotFoundError:
            pass  # that it was never loaded is what will be said
        except Exception as error:
            self._tell(f"loading its module raised {type(error).__name__}")
        finally:
            self._is_load_tried = True

    def _give_up(self, reason: str) -> None:
        self.is_given_up = True
        self._waiting.clear()
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.stop()
        self._tell(reason)

    def _tell(self, reason: str) -> None:
        if reason not in self._told:
            self._told.add(reason)
            self._on_blind(reason)

    def _run(self, turn: Turn) -> None:
        turn.thread, turn.native_id = get_ident(), get_native_id()
        reading.add(turn.thread)  # what the callable makes is not observed
        try:
            while not turn.is_stopping:
                if not self._waiting or self._function() is None:
                    if self._waiting and not self._is_load_tried and monotonic() >= self._load_from:
                        self._load()
                        continue
                    turn.bell.acquire(timeout=0.1 if self._waiting else 60.0)
                    continue
                self._began = monotonic()
                try:
                    user = self._waiting.popleft()
                    label = self._ask(user)
                    if not turn.is_stopping:
                        self.known[user] = label
                except IndexError:
                    continue
                finally:
                    self._began = 0.0
        finally:
            reading.discard(turn.thread)
            turn.finished.release()

    def _ask(self, user: str) -> str | None:
        try:
            label = self._function()(user)
            if issubclass(type(label), str):
                return str.__str__(label)
            if label is not None:
                self._tell(f"it returned a {type(label).__name__}, not a string")
                if type(label) is CoroutineType:
                    label.close()  # nobody shall warn that it was never awaited
        except Exception as error:
            self._tell(f"it raised {type(error).__name__}")
        return None
