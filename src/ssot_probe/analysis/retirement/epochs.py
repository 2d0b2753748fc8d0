"""The processes whose silence is judged: what each says of itself, and what makes its silence worthless."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from ssot_probe.analysis.load import NOT_UNDERSTOOD, REDACTED, TORN
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement import ledger as ledgers
from ssot_probe.analysis.retirement.clocks import is_before_all
from ssot_probe.analysis.retirement.days import NANOSECONDS, day_of
from ssot_probe.analysis.retirement.missing_processes import Missing
from ssot_probe.analysis.wording import listing, number
from ssot_probe.model.path_records import APPLICATION, TEST, PathUseRecord
from ssot_probe.model.records import ImportRecord, ModuleRecord

_LOST = {
    TORN: ("torn line", ""),
    NOT_UNDERSTOOD: ("record", " that this version does not understand"),
    REDACTED: ("redacted record", ""),
}

CLOCK_TOLERANCE = 60 * NANOSECONDS


TELL_THE_END = (
    "stop processes by SIGTERM or SIGINT, with two seconds to end, and run process 1 of a container below "
    "an init, close and join pools of multiprocessing; SIGKILL, os._exit, exec, Process.terminate and "
    "SSOT_PROBE_SIGTERM=0 leave no last word"
)
"""The remedy where a process did not say that it ended."""


class Doubt(NamedTuple):
    """Why silence proves nothing: about one process, or about all that were recorded with it."""

    cause: str  # in words
    process: str  # its label, or the file; "" for all
    first: int = 0  # nanoseconds since the epoch; 0 where unknown
    last: int = 0
    remedy: str = ""  # what to do about it, where that can be said


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
    closed: str  # "exit" | "failed" | "sigterm"; "" where it did not say goodbye, or went on unseen
    days: frozenset[date]  # without the one on which it failed: what was to come then did not
    doubts: tuple[Doubt, ...]
    is_test: bool  # it ran tests: nobody's need
    is_listed: bool  # a list of processes names it, so that others cannot be missing unnoticed


class Ledger(NamedTuple):
    """All processes, and what is missing that nobody can tell to which process it belongs."""

    epochs: tuple[Epoch, ...]
    doubts: tuple[Doubt, ...]


def ledger_of(recording: Recording) -> Ledger:
    """Return the ledger of a recording."""
    told = ledgers.ledger(recording)
    ends, tests = _ends(recording), _tests(recording)
    epochs = tuple(_epoch(epoch, ends, tests) for epoch in told.epochs)
    return Ledger(epochs, tuple(_fleet_doubts(recording, told)))


def _epoch(epoch: ledgers.Epoch, ends: Mapping[str, int], tests: frozenset[str]) -> Epoch:
    process = epoch.process
    causes = list(_own_doubts(epoch, ends.get(process.identity, 0)))
    return Epoch(
        process=process.identity,
        label=process.label,
        role=process.role,
        environment=process.environment,
        host=process.host,
        release=process.release,
        armed=epoch.armed,
        last=epoch.last,
        closed="" if epoch.closed in (ledgers.LOST, ledgers.STOPPED) else epoch.closed,
        days=frozenset(epoch.days) - ({day_of(epoch.last)} if epoch.closed == ledgers.FAILED else set()),
        doubts=tuple(
            Doubt(cause, process.label, epoch.armed, epoch.last, remedy) for cause, remedy in causes
        ),
        is_test=process.identity in tests,
        is_listed=bool(epoch.directory and epoch.number),
    )


def _own_doubts(epoch: ledgers.Epoch, end: int) -> Iterator[tuple[str, str]]:
    """Yield what makes the silence of a process worthless, each with what to do about it if that is known."""
    for reason in epoch.reasons:
        yield f"it {reason.why}", TELL_THE_END if reason.why == ledgers.NEVER_ENDED else ""
    if not epoch.heartbeats:
        return
    if not epoch.control:
        yield "nothing shows that the probe saw what it does itself to try its observers", ""
    if is_before_all(epoch.armed):
        yield f"its clock said {day_of(epoch.armed)} when it began, which cannot be", ""
    if epoch.armed > epoch.last or end > epoch.last + CLOCK_TOLERANCE:
        yield "its clock was set back while it ran", ""


def _fleet_doubts(recording: Recording, told: ledgers.Ledger) -> Iterator[Doubt]:
    """Yield what is known to be missing, and to belong to no process that is here."""
    for loss in told.losses:
        thing, why = _LOST.get(loss.reason, ("record", f" lost as {loss.reason}"))
        yield Doubt(f"{number(loss.count, thing)}{why}", loss.where)
    if recording.inventory is not None:
        for loss in recording.inventory.losses:
            yield Doubt("the scan of the source is incomplete", loss.where)
    by_source: dict[tuple[str, ...], list[Missing]] = defaultdict(list)
    for missing in told.missing:
        by_source[missing.known_from].append(missing)
    for known_from, processes in sorted(by_source.items()):
        cause = f"{number(len(processes), 'process')} left no record here, known from {listing(known_from)}"
        yield Doubt(cause, "", min(m.time for m in processes), max(m.time for m in processes))
    for sentence in (*told.doubts, *told.clocks):
        yield Doubt(sentence, "")


def _ends(recording: Recording) -> Mapping[str, int]:
    """Return the latest time of a use in each process."""
    ends: dict[str, int] = defaultdict(int)
    for process, record in recording.of(PathUseRecord):
        ends[process] = max(ends[process], record.last)
    return ends


def _holds_tests(module: str) -> bool:
    """Does nobody load the module but who runs tests? An `app.test_mode` may be the application's."""
    above, _, name = module.rpartition(".")
    if name == "conftest":
        return True
    is_beside_tests = not above or above.rpartition(".")[2] in ("test", "tests")
    return is_beside_tests and (name.startswith("test_") or name.endswith("_test"))


def _tests(recording: Recording) -> frozenset[str]:
    """Return the processes that ran tests."""
    origins: dict[str, set[str]] = defaultdict(set)
    for process, use in recording.of(PathUseRecord):
        origins[process].add(use.origin)
    ran = {process for process, found in origins.items() if TEST in found and APPLICATION not in found}
    ran.update(process for process, record in recording.of(ModuleRecord) if _holds_tests(record.module))
    ran.update(process for process, record in recording.of(ImportRecord) if _holds_tests(record.site.module))
    return frozenset(ran)
