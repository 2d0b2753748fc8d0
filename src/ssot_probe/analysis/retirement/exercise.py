"""Which entry points of the policy ran in processes whose silence counts, and how far."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.seen import Sorter
from ssot_probe.analysis.retirement.subjects import subject_of
from ssot_probe.analysis.retirement.uses import UseIndex
from ssot_probe.analysis.retirement.watch import Watch
from ssot_probe.model.path_records import APPLICATION, BEGAN_ONLY, CALLED, CONSTRUCTED, LOADED
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import ProcessRecord


class Exercise:
    """What must have run, and did or did not.

    Args:
        recording: what ran.
        policy: what must have.
        index: of everything that can be a use.
        watch: how paths were watched.
        sorter: knows what lies in the window.
        counted: the processes whose silence counts.
    """

    def __init__(
        self,
        recording: Recording,
        policy: Policy,
        index: UseIndex,
        watch: Watch,
        sorter: Sorter,
        counted: Collection[str],
    ) -> None:
        self._recording = recording
        self._policy = policy
        self._index = index
        self._watch = watch
        self._sorter = sorter
        self._counted = counted

    @cached_property
    def unran(self) -> tuple[str, ...]:
        """The entry points that no process ran whose silence counts."""
        return tuple(name for name in self._names if not self._ran(name, frozenset()))

    @cached_property
    def begun(self) -> frozenset[str]:
        """The entry points that some process began, and got no further than their first line."""
        return frozenset(name for name in self._names if self._failing(name))

    @cached_property
    def untold(self) -> int:
        """How many of those that ran may have failed at their first line, as nothing tells."""
        return sum(name not in self.unran and not self._ran(name, self._vague) for name in self._names)

    @property
    def _names(self) -> tuple[str, ...]:
        return self._policy.dead.entry_points

    @cached_property
    def _vague(self) -> frozenset[str]:
        """The processes whose Python does not tell how far an entry point got."""
        told = {process: record.python for process, record in self._recording.of(ProcessRecord)}
        return frozenset(process for process, python in told.items() if _version(python) < (3, 12))

    def _failing(self, name: str) -> frozenset[str]:
        watched = self._watch.of(name).items()
        return frozenset(process for process, record in watched if BEGAN_ONLY in record.unheard)

    def _ran(self, name: str, without: frozenset[str]) -> bool:
        subject = subject_of(name, self._policy)
        worthless = without | self._failing(name)
        return any(
            use.process in self._counted
            and use.process not in worthless
            and self._sorter.is_within(use)
            and use.origin == APPLICATION
            for use in self._index.uses_of(subject, is_alias=False)
            if use.rung in (CONSTRUCTED, CALLED) or (use.rung == LOADED and not subject.name)
        )


def _version(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.split(".")[:2] if part.isdecimal())
