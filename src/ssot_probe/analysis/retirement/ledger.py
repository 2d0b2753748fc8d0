"""The ledger of evidence: who was recorded, what the silence of each is worth, and who is missing.

What a process saw counts whatever else is wrong with it. Reasons are against its silence only.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timezone
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

from ssot_probe.analysis.evidence import told_losses
from ssot_probe.analysis.load import TOLD_NOTHING
from ssot_probe.analysis.recording import Loss, Process, Recording
from ssot_probe.analysis.retirement.clocks import disagreements
from ssot_probe.analysis.retirement.missing_processes import Missing, doubts, missing_processes
from ssot_probe.analysis.wording import listing, number
from ssot_probe.errors import PolicyError
from ssot_probe.model.path_records import ForkRecord
from ssot_probe.model.policy import Policy, watched_paths
from ssot_probe.model.records import ProcessRecord
from ssot_probe.policy_json import policy_from_json, policy_to_json
from ssot_probe.version import __version__
from ssot_probe.wire.registry import SCHEMA_VERSION

LOST = "lost"
"""How a process ended that did not say so: it was killed, or it still ran when its recording was copied."""

NEVER_ENDED = "never said that it ended: it was killed, or it is still running"

STOPPED = "stop"
"""How a recording ended whose process went on without the probe."""

FAILED = "failed"
"""How a process ended that an exception ended which nobody caught."""

UNREADABLE = "unreadable"
"""Instead of the digest of a policy, as one that a newer version wrote."""

UNCLOSED, RECORDS_LOST, CONTROL, RELATIVE, POLICY, FORMAT = (
    "unclosed",
    "records-lost",
    "control",
    "relative",
    "policy",
    "format",
)
REASONS = (UNCLOSED, RECORDS_LOST, CONTROL, RELATIVE, POLICY, FORMAT)
"""Kinds of reasons for which the silence of a process proves nothing."""


class Reason(NamedTuple):
    """Why the silence of a process proves nothing."""

    kind: str  # one of REASONS
    why: str  # what is wrong, to follow the process' name


class Epoch(NamedTuple):
    """One process, from when the probe observed it to its last sign of life. Times in nanoseconds."""

    process: Process  # its identity, service, host, release, role, environment, pid, version of the probe
    parent: str  # identity of the recorded process that forked it, "" where none did
    armed: int  # since when the probe observed; of a forked child since the fork
    last: int  # its last sign of life: nothing is known of it after that
    closed: str  # "exit" | FAILED | "sigterm" | STOPPED | LOST
    python: str
    policy: str  # digest of what its policy lets be observed, watched paths apart; UNREADABLE; "" for unknown
    watched: tuple[str, ...]  # the watched paths of its policy
    heartbeats: int  # signs of life, its first and last word included
    days: tuple[date, ...]  # of UTC, on which it gave any
    losses: tuple[Loss, ...]  # records of it that are not here
    control: str  # "seen" | "missed" | "" where nothing says
    directory: str  # name of the list that it is on, "" for none
    number: int  # its place there
    reasons: tuple[Reason, ...]  # why its silence proves nothing; none: it does


class Ledger(NamedTuple):
    """All that is known of who was recorded and who was not."""

    epochs: tuple[Epoch, ...]  # in the order of their beginnings
    missing: tuple[Missing, ...]
    losses: tuple[Loss, ...]  # that may be of any process
    doubts: tuple[str, ...]  # sentences: why more processes may be missing than are known to be
    clocks: tuple[str, ...]  # sentences: which clocks disagree

    @property
    def is_complete(self) -> bool:
        """Is nobody missing, nothing lost, and no silence without worth?"""
        return not (self.missing or self.losses or self.doubts or any(epoch.reasons for epoch in self.epochs))


def ledger(recording: Recording) -> Ledger:
    """Return the ledger of a recording. Neither order nor duplicates of what was read matter."""
    states: dict[str, list[ProcessRecord]] = defaultdict(list)
    for process, record in recording.of(ProcessRecord):
        states[process].append(record)
    missing = missing_processes(recording)
    losses, anybodys = _losses(recording)
    epochs = [
        _epoch(
            process,
            states[process.identity],
            losses.get(process.identity, ()),
            recording.last_of.get(process.identity, 0),
        )
        for process in recording.processes
    ]
    usual = max(((epoch.armed, epoch.policy) for epoch in epochs if epoch.policy), default=(0, ""))[1]
    absent = {lost.identity for lost in missing}
    children: dict[str, list[str]] = defaultdict(list)
    for parent, fork in recording.of(ForkRecord):
        if fork.is_expected and fork.child in absent:
            children[parent].append(fork.child)
    judged = [
        epoch._replace(reasons=tuple(_reasons(epoch, usual, children[epoch.process.identity], absent)))
        for epoch in epochs
    ]
    return Ledger(
        epochs=tuple(sorted(judged, key=lambda epoch: (epoch.armed, epoch.process))),
        missing=missing,
        losses=anybodys,
        doubts=doubts(recording),
        clocks=disagreements(recording),
    )


def _epoch(process: Process, records: Sequence[ProcessRecord], losses: Iterable[Loss], last: int) -> Epoch:
    policy, watched = _policy(max((record.policy for record in records), default=""))
    times = [record.time for record in records]
    stopped = [record for record in records if record.state == "stopped"]
    return Epoch(
        process=process,
        parent=max((record.parent for record in records), default=""),
        armed=min((record.armed for record in records), default=0),
        last=max([last, *times]),
        closed=max(record.closed or "exit" for record in stopped) if stopped else LOST,
        python=max((record.python for record in records), default=""),
        policy=policy,
        watched=watched,
        heartbeats=len(records),
        days=tuple(sorted({datetime.fromtimestamp(time / 1e9, timezone.utc).date() for time in times})),
        losses=tuple(sorted(losses)),
        control=_control(records),
        directory=max((record.directory for record in records), default=""),
        number=max((record.number for record in records), default=0),
        reasons=(),
    )


def _control(records: Iterable[ProcessRecord]) -> str:
    """Return what the probe's trial of itself said; one that failed is not made good by another."""
    said = {record.control for record in records}
    return next((word for word in ("missed", "seen") if word in said), "")


@cache
def _policy(told: str) -> tuple[str, tuple[str, ...]]:
    """Return the digest of what a recorded policy lets be observed, and the paths that it watches."""
    if not told:
        return "", ()
    try:
        policy = policy_from_json(told)
    except PolicyError:
        return UNREADABLE, ()
    concepts = tuple(concept._replace(legacy=()) for concept in policy.concepts)
    observed = Policy(packages=policy.packages, concepts=concepts)
    return blake2b(policy_to_json(observed).encode(), digest_size=8).hexdigest(), watched_paths(policy)


def _losses(recording: Recording) -> tuple[dict[str, list[Loss]], tuple[Loss, ...]]:
    """Return the losses of each process, and those that may be of any."""
    told = [loss for loss, is_here in told_losses(recording) if not is_here]
    of_process: dict[str, list[Loss]] = defaultdict(list)
    anybodys = []
    for loss in (*recording.losses, *told):
        for process in loss.processes:
            of_process[process].append(loss)
        if not loss.processes and loss.reason != TOLD_NOTHING:  # that one is a process that is missing
            anybodys.append(loss)
    return of_process, tuple(sorted(anybodys))


def _reasons(epoch: Epoch, usual: str, children: Sequence[str], absent: Collection[str]) -> Iterator[Reason]:
    process = epoch.process
    if epoch.closed == LOST:
        yield Reason(UNCLOSED, NEVER_ENDED)
    elif epoch.closed == STOPPED:
        yield Reason(UNCLOSED, "was stopped while its process went on")
    for loss in epoch.losses:
        yield Reason(RECORDS_LOST, f"lost {number(loss.count, 'record')} ({loss.reason})")
    if epoch.control == "missed":
        yield Reason(CONTROL, "did not see what the probe did itself to try its observers")
    if epoch.parent in absent and epoch.parent:
        yield Reason(RELATIVE, f"was forked by process {epoch.parent[:8]}, of which nothing is here")
    if children:
        names = listing([child[:8] for child in sorted(children)])
        of_them = "process" if len(children) == 1 else f"{number(len(children), 'process')}:"
        yield Reason(RELATIVE, f"forked {of_them} {names}, of which nothing is here")
    if epoch.policy == UNREADABLE:
        yield Reason(POLICY, "had a policy that cannot be read here")
    elif not epoch.policy:
        yield Reason(POLICY, "does not say which policy it had: the beginning of its recording is missing")
    elif epoch.policy != usual:
        yield Reason(POLICY, "had another policy than the newest process")
    if process.schema not in (0, SCHEMA_VERSION):
        yield Reason(
            FORMAT, f"was recorded in format {process.schema}, and this is made for {SCHEMA_VERSION}"
        )
    elif _numbers(process.version) > _numbers(__version__):
        yield Reason(FORMAT, f"was recorded by ssot-probe {process.version}, which is newer than this one")


def _numbers(version: str) -> tuple[int, ...]:
    """Return the release numbers that a version begins with."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(number) for number in numbers[0].split(".")) if numbers else ()
