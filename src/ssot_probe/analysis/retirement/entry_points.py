"""The entry points that must have run for silence to mean something: which did, and how far they got."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.seen import Sorter
from ssot_probe.analysis.retirement.subjects import subject_of
from ssot_probe.analysis.retirement.uses import UseIndex
from ssot_probe.analysis.retirement.watch import Watch
from ssot_probe.model.path_records import APPLICATION, BEGAN_ONLY, CALLED, CONSTRUCTED, LOADED
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import ProcessRecord


class EntryPoints:
    """What became of each entry point that a policy names.

    Args:
        recording: of all processes.
        policy: names them.
        index: what was used.
        sorter: knows which uses are of the days that count.
        watch: what processes said of how they are watched.
        counted: the processes whose silence counts.
    """

    def __init__(
        self,
        recording: Recording,
        policy: Policy,
        index: UseIndex,
        sorter: Sorter,
        watch: Watch,
        counted: Collection[str],
    ) -> None:
        self._recording = recording
        self._policy = policy
        self._index = index
        self._sorter = sorter
        self._watch = watch
        self._counted = counted

    @cached_property
    def unran(self) -> tuple[str, ...]:
        """Those that none of these processes ran."""
        return tuple(name for name in self._names if not self._ran_in(name))

    @cached_property
    def begun(self) -> frozenset[str]:
        """Those that some process began, and got no further."""
        return frozenset(
            name
            for name in self._names
            if any(BEGAN_ONLY in record.unheard for record in self._watch.of(name).values())
        )

    @cached_property
    def untold(self) -> int:
        """How many of those that ran may have failed at their first line, as nothing tells."""
        return sum(
            name not in self.unran and self._ran_in(name) <= self._silent_about_lines for name in self._names
        )

    @property
    def _names(self) -> Sequence[str]:
        return self._policy.dead.entry_points

    @cached_property
    def _silent_about_lines(self) -> frozenset[str]:
        """The processes whose Python does not tell how far an entry point got."""
        told = {process: record.python for process, record in self._recording.of(ProcessRecord)}
        return frozenset(process for process, python in told.items() if _version(python) < (3, 12))

    def _ran_in(self, name: str) -> frozenset[str]:
        """Return the processes that ran it, and are not known to have failed at once."""
        subject = subject_of(name, self._policy)
        watched = self._watch.of(name)
        failed = {process for process, record in watched.items() if BEGAN_ONLY in record.unheard}
        return frozenset(
            use.process
            for use in self._index.uses_of(subject, is_alias=False)
            if (use.rung in (CONSTRUCTED, CALLED) or (use.rung == LOADED and not subject.name))
            and use.process in self._counted
            and use.process not in failed
            and use.origin == APPLICATION
            and self._sorter.is_within(use)
        )


def _version(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.split(".")[:2] if part.isdecimal())
