"""Stops listening for a while to the imports of a module that some place imports in a hot loop.

An import that is listened to costs some tenths of a microsecond more. A place that imports a hundred thousand
times a second would feel that; beyond it the module's spec is an ordinary one, for ever longer as the loop
goes on, and is listened to again in between: other places are still found, and the counts are lower bounds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.machinery import ModuleSpec
from time import monotonic
from typing import NamedTuple

from ssot_probe.observe import tripwire
from ssot_probe.observe.cycles import is_initializing
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.tripwire import Hit

MOST_PER_SECOND = 100_000
"""Reads of a module's flag for one place, beyond which the module is not listened to for a while. So many
must have come at that rate: a burst is counted in full."""

SHORTEST_LOOK = 0.05
"""Seconds that a rate is taken over at least."""

SHORTEST_PAUSE = 0.1
LONGEST_PAUSE = 6.4
"""Seconds that a module is not listened to."""


class _Pause(NamedTuple):
    spec: ModuleSpec
    until: float


class HotImports:
    """Looks at the rates now and then."""

    def __init__(self) -> None:
        self._looked = monotonic()
        self._paused: dict[str, _Pause] = {}
        self._seconds: dict[str, float] = {}  # how long a module was paused the last time
        self._run: dict[str, int] = {}  # how often a module was imported since its rate is too high
        self._told: set[str] = set()
        self._is_stopped = False

    def look(self, hits: Iterable[Hit]) -> list[Hit]:
        """Pause modules that are imported too often, and end the pauses that are over.

        Returns:
            The hot places of modules that were never paused before.
        """
        now = monotonic()
        elapsed = now - self._looked
        if elapsed < SHORTEST_LOOK or self._is_stopped:
            return []
        self._looked = now
        hot: dict[str, Hit] = {}
        run: dict[str, int] = {}
        most = MOST_PER_SECOND * elapsed
        for hit in hits:
            added = hit.counter[0] - hit.counter[3]
            if added > most:
                hot.setdefault(hit.module, hit)
                run[hit.module] = run.get(hit.module, self._run.get(hit.module, 0)) + added
            hit.counter[3] += added
        self._run = run
        self._resume(now, hot)
        new = []
        for module, hit in hot.items():
            is_lasting = run[module] >= MOST_PER_SECOND or module in self._seconds
            if is_lasting and self._pause(module, now) and module not in self._told:
                self._told.add(module)
                new.append(hit)
        return new

    def resume_all(self) -> None:
        """Listen to all modules again: a fork is near, and nobody may look at rates for long."""
        for pause in self._paused.values():
            tripwire.arm(pause.spec)
        self._paused.clear()
        self._seconds.clear()
        self._run.clear()

    def stop(self) -> None:
        """Touch no spec any more."""
        self._is_stopped = True

    def _pause(self, module: str, now: float) -> bool:
        spec = namespace_of(sys.modules.get(module)).get("__spec__")
        if spec is None or not tripwire.is_armed(spec) or is_initializing(module):
            return False  # whether it stays watched is decided once it has run
        seconds = min(LONGEST_PAUSE, 2 * self._seconds.get(module, SHORTEST_PAUSE / 2))
        self._seconds[module] = seconds
        self._paused[module] = _Pause(spec, now + seconds)
        tripwire.disarm(spec)
        return True

    def _resume(self, now: float, hot: dict[str, Hit]) -> None:
        for module in [
            module for module in self._seconds if module not in self._paused and module not in hot
        ]:
            del self._seconds[module]  # it has been listened to since the last look, and was quiet
        for module in [module for module, pause in self._paused.items() if pause.until <= now]:
            pause = self._paused.pop(module)
            tripwire.arm(pause.spec)
            if self._is_stopped:  # by another thread, which may have disarmed all just before
                tripwire.disarm(pause.spec)
