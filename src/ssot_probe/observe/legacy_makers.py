"""Legacy functions are observed as makers only as long as they may be some: most of them hand out nothing.

The policy names a function to know whether it is still needed, which its watched path tells. Where its first
calls neither hand out nor construct an instance of a concept it is let go, and tried anew every hour and in
each forked child. What once did stays observed for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic, time_ns
from types import CodeType, FunctionType
from typing import Any

from ssot_probe.model.records import BlindRecord
from ssot_probe.observe.makers import Maker
from ssot_probe.observe.patching import Patch

MOST_TRIALS = 10_000
"""Calls that may hand out nothing before a function is let go: some ten milliseconds of observation."""

RETRY_SECONDS = 3600.0
"""After which it is tried anew."""

_LATE = "it handed out nothing at first: what it may have handed out until it was tried anew is not counted"


class _Legacy:
    """One function."""

    def __init__(self, maker: Maker, code: CodeType, patch: Patch | None) -> None:
        self.maker = maker
        self.code = code
        self.patch = patch
        self.is_told = False
        self.is_passing = False  # its wrapper only passes calls on


class LegacyMakers:
    """The functions that a policy calls legacy.

    Args:
        follow: (maker, its code) -> is it listened to by events from now on?
        retry: (maker, its code): listen again to one whose events were let go.
    """

    def __init__(
        self, follow: Callable[[Maker, CodeType], bool], retry: Callable[[Maker, CodeType], None]
    ) -> None:
        self._follow = follow
        self._retry = retry
        self._known: list[_Legacy] = []
        self._unwrapped: set[int] = set()  # ids of code
        self._next = monotonic() + RETRY_SECONDS

    def is_unwrapped(self, function: FunctionType) -> bool:
        """Does nothing stand in the place of a function that was looked at?"""
        return id(function.__code__) in self._unwrapped

    def follow(self, maker: Maker, value: Any, function: FunctionType, may_recur: bool) -> bool:
        """Listen to a function by events, with no wrapper. False where only a wrapper sees all calls.

        One that may call itself is left alone where events do not tell of it: a wrapper on each of its frames
        takes twice as much of the stack as the frame, and the program may have none left.
        """
        stored = value.__func__ if type(value) in (staticmethod, classmethod) else value
        is_followed = stored is function and self._follow(maker, function.__code__)
        if is_followed:
            self._try(_Legacy(maker, function.__code__, None))
        if is_followed or may_recur:
            self._unwrapped.add(id(function.__code__))
        return is_followed or may_recur

    def add(self, maker: Maker, function: FunctionType, patch: Patch | None) -> None:
        """Try one that stands behind a wrapper."""
        self._try(_Legacy(maker, function.__code__, patch))

    def look(self) -> Iterator[BlindRecord]:
        """Try all anew where it is time, and yield what came too late to be counted; from the recorder."""
        for each in self._known:
            if each.maker.has_rested and each.maker.is_proven and not each.is_told:
                each.is_told = True
                yield BlindRecord(each.maker.name, _LATE, time_ns())
            if each.maker.is_resting and each.patch is not None and not each.is_passing:
                each.is_passing = True
                each.patch.pass_on()
        if monotonic() >= self._next:
            self.try_anew()

    def try_anew(self) -> None:
        """Observe again those that were let go."""
        self._next = monotonic() + RETRY_SECONDS
        for each in self._known:
            if each.maker.is_resting:
                each.maker.trials, each.maker.is_resting = MOST_TRIALS, False
                self._retry(each.maker, each.code)
                if each.patch is not None:
                    each.is_passing = False
                    each.patch.observe_again()

    def after_fork_in_child(self) -> None:
        """Try all anew, in a process that has missed nothing yet."""
        self.try_anew()
        for each in self._known:
            each.maker.has_rested = False

    def _try(self, legacy: _Legacy) -> None:
        legacy.maker.trials = MOST_TRIALS
        self._known.append(legacy)
