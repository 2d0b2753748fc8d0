"""Where the clocks of recorded processes disagree: what happened in one order has times in another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timezone

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.days import start_of
from ssot_probe.model.path_records import ForkRecord
from ssot_probe.model.records import ProcessRecord

TOLERANCE = 2_000_000_000
"""Nanoseconds by which clocks may differ: lists of processes tell time to the second."""


FIRST_DAY = date(2025, 1, 1)
"""Nothing can have been recorded before: a clock that says so stood at some beginning of its own."""


def is_before_all(time: int) -> bool:
    """Is it a time at which there was no such recording yet?"""
    return time < start_of(FIRST_DAY)


def disagreements(recording: Recording) -> tuple[str, ...]:
    """Return a sentence for each pair of times that cannot both be right, in an order of its own.

    Clocks that agree with each other and not with the world are not noticed, nor is a difference that no
    fork and no list shows.
    """
    states: dict[str, list[ProcessRecord]] = defaultdict(list)
    for process, record in recording.of(ProcessRecord):
        states[process].append(record)
    return tuple(
        sorted(
            {
                *_set_back(recording, states),
                *_forks(recording, states),
                *_lists(recording),
                *_listed(recording, states),
            }
        )
    )


def _set_back(recording: Recording, states: Mapping[str, list[ProcessRecord]]) -> Iterator[str]:
    """Yield where a process' own signs of life go backwards: their counts never do."""
    for process, records in states.items():
        latest = 0
        for record in sorted(records, key=lambda record: (record.emitted, record.time)):
            if record.time < latest - TOLERANCE:
                yield (
                    f"the clock of {_name(recording, process)} was set back: it says {_moment(record.time)} "
                    f"after it has said {_moment(latest)}"
                )
                break
            latest = max(latest, record.time)


def _forks(recording: Recording, states: Mapping[str, list[ProcessRecord]]) -> Iterator[str]:
    """Yield children that began before the process that forked them, or after that had told of them."""
    for process, records in states.items():
        parent = next((record.parent for record in records if record.parent), "")
        begun = states.get(parent)
        if begun and records[0].armed < begun[0].armed - TOLERANCE:
            yield (
                f"{_name(recording, process)} began at {_moment(records[0].armed)}, before "
                f"{_name(recording, parent)}, which forked it, began at {_moment(begun[0].armed)}"
            )
    for process, fork in recording.of(ForkRecord):
        child = states.get(fork.child)
        if child and child[0].armed > fork.time + TOLERANCE:
            yield (
                f"{_name(recording, fork.child)} began at {_moment(child[0].armed)}, after "
                f"{_name(recording, process)} had told at {_moment(fork.time)} of having forked it"
            )


def _lists(recording: Recording) -> Iterator[str]:
    """Yield where a list's times go backwards: its lines are in the order in which they were written."""
    for processes in recording.lists:
        latest = None
        for listed in processes.processes:
            if latest is not None and listed.time < latest.time - TOLERANCE:
                yield (
                    f"{_name(recording, listed.identity)} was listed at {_moment(listed.time)}, after "
                    f"{_name(recording, latest.identity)}, which was at {_moment(latest.time)}"
                )
            if latest is None or listed.time > latest.time:
                latest = listed


def _listed(recording: Recording, states: Mapping[str, list[ProcessRecord]]) -> Iterator[str]:
    """Yield processes that saw others in their list who say that they began only later."""
    seen: dict[str, dict[int, tuple[int, str]]] = defaultdict(dict)  # how many were listed -> when, to whom
    places: dict[str, list[tuple[int, int, str]]] = defaultdict(list)  # number, beginning, process
    for process, records in states.items():
        for record in records:
            if record.directory and record.state != "started":  # which has an earlier time than it was made
                known = seen[record.directory].get(record.listed)
                if known is None or (record.time, process) < known:
                    seen[record.directory][record.listed] = (record.time, process)
        if records[0].directory:
            places[records[0].directory].append((records[0].number, records[0].armed, process))
    for directory, found in places.items():
        for number, armed, process in found:
            witnesses = [moment for count, moment in seen[directory].items() if count >= number]
            time, witness = min(witnesses, default=(armed, process))
            if witness != process and armed > time + TOLERANCE:
                yield (
                    f"{_name(recording, process)} began at {_moment(armed)}, after "
                    f"{_name(recording, witness)} had seen it listed at {_moment(time)}"
                )


def _name(recording: Recording, process: str) -> str:
    for known in recording.processes:
        if known.identity == process:
            return f"{known.label} on {known.host}" if known.host else known.label
    return f"process {process[:8]}"


def _moment(time: int) -> str:
    return datetime.fromtimestamp(time / 1e9, timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")
