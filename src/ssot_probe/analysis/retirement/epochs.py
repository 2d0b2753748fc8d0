"""The ledger: every process that was recorded or must have been, and what makes its silence worthless."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from ssot_probe.analysis.evidence import NO_PROCESS_RECORD, lost_by
from ssot_probe.analysis.recording import Process, Recording, of_newest_state
from ssot_probe.analysis.retirement.days import NANOSECONDS, days_between
from ssot_probe.analysis.wording import number
from ssot_probe.model.path_records import APPLICATION, TEST, ForkRecord, PathUseRecord
from ssot_probe.model.records import ModuleRecord, ProcessRecord

CLOCK_TOLERANCE = 60 * NANOSECONDS


class Doubt(NamedTuple):
    """Why silence proves nothing: about one process, or about all that were recorded with it."""

    cause: str  # in words
    process: str  # its label, or the file; "" for all
    first: int = 0  # nanoseconds since the epoch; 0 where unknown
    last: int = 0


class Epoch(NamedTuple):
    """What a process says of itself: one interpreter, from the arming of the probe to its last word."""

    process: str
    label: str
    role: str
    environment: str
    host: str
    release: str
    armed: int
    last: int
    closed: str  # "exit" | "sigterm"; "" where it did not say goodbye
    days: frozenset[date]
    doubts: tuple[Doubt, ...]
    is_test: bool  # it ran tests: nobody's need
    is_listed: bool  # a list of processes names it, so that others cannot be missing unnoticed


class Ledger(NamedTuple):
    """All processes, and what is missing that nobody can tell to which process it belongs."""

    epochs: tuple[Epoch, ...]
    doubts: tuple[Doubt, ...]


def ledger_of(recording: Recording) -> Ledger:
    """Return the ledger of a recording."""
    states: dict[str, list[ProcessRecord]] = defaultdict(list)
    for identity, record in recording.of(ProcessRecord):
        states[identity].append(record)
    newest = of_newest_state(recording)
    lost: dict[str, list[str]] = defaultdict(list)
    for identity, loss, is_here in lost_by(recording):
        if not is_here and loss.reason != NO_PROCESS_RECORD:
            lost[identity].append(f"{number(loss.count, 'record')} lost ({loss.reason})")
    ends = _ends(recording)
    tests = _tests(recording)
    epochs = []
    for process in recording.processes:
        told = states.get(process.identity, [])
        if not told:
            epochs.append(_silent(process))
            continue
        doubts = [*lost[process.identity], *_own_doubts(told, ends.get(process.identity, 0))]
        epochs.append(_epoch(process, told, newest[process.identity], doubts, process.identity in tests))
    return Ledger(tuple(epochs), tuple(_fleet_doubts(recording, states)))


def _epoch(
    process: Process, told: list[ProcessRecord], newest: ProcessRecord, causes: list[str], is_test: bool
) -> Epoch:
    armed = min(record.armed or record.time for record in told)
    last = max(record.time for record in told)
    return Epoch(
        process=process.identity,
        label=process.label,
        role=process.role,
        environment=process.environment,
        host=process.host,
        release=process.release,
        armed=armed,
        last=last,
        closed=next((record.closed or "exit" for record in told if record.state == "stopped"), ""),
        days=days_between(armed, last),
        doubts=tuple(Doubt(cause, process.label, armed, last) for cause in causes),
        is_test=is_test,
        is_listed=bool(newest.directory and newest.number),
    )


def _silent(process: Process) -> Epoch:
    doubt = Doubt("it never said that the probe was active in it", process.label)
    return Epoch(
        process.identity,
        process.label,
        process.role,
        process.environment,
        process.host,
        process.release,
        *(0, 0, "", frozenset(), (doubt,), False, False),
    )


def _own_doubts(told: list[ProcessRecord], end: int) -> Iterator[str]:
    if not any(record.state == "stopped" for record in told):
        yield "it did not say goodbye: it was killed, or is still running"
    controls = {record.control for record in told}
    if "missed" in controls:
        yield "the probe did not see what it does itself to try its observers"
    elif "seen" not in controls:
        yield "nothing shows that the probe saw what it does itself to try its observers"
    last = max(record.time for record in told)
    if any(record.armed > record.time for record in told) or end > last + CLOCK_TOLERANCE:
        yield "its clock was set back while it ran"


def _ends(recording: Recording) -> Mapping[str, int]:
    """Return the latest time of a use in each process."""
    ends: dict[str, int] = defaultdict(int)
    for process, record in recording.of(PathUseRecord):
        ends[process] = max(ends[process], record.last)
    return ends


def _tests(recording: Recording) -> frozenset[str]:
    """Return the processes that ran tests."""
    origins: dict[str, set[str]] = defaultdict(set)
    for process, use in recording.of(PathUseRecord):
        origins[process].add(use.origin)
    ran = {process for process, found in origins.items() if TEST in found and APPLICATION not in found}
    ran.update(
        process
        for process, record in recording.of(ModuleRecord)
        if record.module.rpartition(".")[2] == "conftest"
    )
    return frozenset(ran)


def _fleet_doubts(recording: Recording, states: Mapping[str, list[ProcessRecord]]) -> Iterator[Doubt]:
    """Yield what is known to be missing, and to belong to no process that is here."""
    for loss in recording.losses:
        yield Doubt(f"{loss.reason} ({loss.count})", loss.where)
    if recording.inventory is not None:
        for loss in recording.inventory.losses:
            yield Doubt("the scan of the source is incomplete", loss.where)
    listed: dict[str, int] = defaultdict(int)
    present: dict[str, set[int]] = defaultdict(set)
    parents: dict[str, str] = {}
    for process, told in states.items():
        for record in told:
            if record.directory:
                listed[record.directory] = max(listed[record.directory], record.listed, record.number)
                present[record.directory].add(record.number)
            if record.parent:
                parents[record.parent] = recording.label(process)
    for directory, count in sorted(listed.items()):
        missing = sorted(set(range(1, count + 1)) - present[directory])
        if missing:
            numbers = ", ".join(str(number) for number in missing[:5]) + (" ..." if len(missing) > 5 else "")
            yield Doubt(
                f"{number(len(missing), 'process')} of {count} that were listed left no record here "
                f"(no. {numbers})",
                f"list {directory}",
            )
    for parent, child in sorted(parents.items()):
        if parent not in states:
            yield Doubt("the process that forked it left no record here", child)
    children = {(record.child, process) for process, record in recording.of(ForkRecord)}
    for child, process in sorted(children):
        if child not in states:
            yield Doubt("a process that it forked left no record here", recording.label(process))
