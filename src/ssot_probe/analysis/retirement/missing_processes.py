"""Which processes recorded something that is not here: lists, numbers, files and relatives tell of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from ssot_probe.analysis.load import TOLD_NOTHING
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.path_records import ForkRecord
from ssot_probe.model.records import ProcessRecord

SHORT = 8
"""So much of its identity is in the name of a process' file."""

_ANNOUNCED = re.compile(r"-(?P<pid>\d+)-(?P<identity>[0-9a-f]{8})\.traces\.jsonl$")


class Missing(NamedTuple):
    """A process that is known to have recorded something, and none of it is here."""

    identity: str  # or its beginning; "" where only its number in a list is known
    pid: int  # 0 where it is unknown
    time: int  # when it was there, 0 where that is unknown
    known_from: tuple[str, ...]  # who or what tells of it


class _Places:
    """What is known of one list: from the processes on it, and from the file, where that is here."""

    def __init__(self) -> None:
        self.length = 0
        self.present: dict[int, set[str]] = defaultdict(set)  # number -> recorded processes
        self.in_file: dict[int, str] = {}


def missing_processes(recording: Recording) -> tuple[Missing, ...]:
    """Return the processes that recorded something of which nothing is here."""
    here = {process.identity for process in recording.processes}
    prefixes = {process[:SHORT] for process in here}
    found: dict[str, list[Missing]] = defaultdict(list)
    nameless = []
    for missing in (*_of_lists(recording), *_of_relatives(recording), *_announced(recording)):
        if not missing.identity:
            nameless.append(missing)
        elif missing.identity not in (prefixes if len(missing.identity) == SHORT else here):
            found[missing.identity[:SHORT]].append(missing)
    return tuple(sorted([*(_merged(same) for same in found.values()), *nameless]))


def doubts(recording: Recording) -> tuple[str, ...]:
    """Return sentences that say why more processes may be missing than are known to be."""
    found = {
        f"{read.where or 'a list of processes'}: {read.torn} torn lines, each perhaps of a process"
        for read in recording.lists
        if read.torn
    }
    for directory, places in _places(recording).items():
        found.update(
            f"the list of processes {directory[:8]} has {len(processes)} processes at place {number}: "
            "it cannot be trusted, as on a network file system"
            for number, processes in places.present.items()
            if len(processes) > 1
        )
    return tuple(sorted(found))


def _of_lists(recording: Recording) -> Iterator[Missing]:
    for directory, places in _places(recording).items():
        for number in range(1, places.length + 1):
            if number not in places.present and number not in places.in_file:
                yield Missing("", 0, 0, (f"number {number} of the list of processes {directory[:8]}",))
    for read in recording.lists:
        for listed in read.processes:
            told = f"the list of processes {read.name[:8]}"
            yield Missing(listed.identity, listed.pid, listed.time, (told,))


def _of_relatives(recording: Recording) -> Iterator[Missing]:
    for process, record in recording.of(ProcessRecord):
        if record.parent:
            told = f"{recording.label(process)}, which it forked"
            yield Missing(record.parent, 0, 0, (told,))
    for process, fork in recording.of(ForkRecord):
        if fork.is_expected:
            yield Missing(fork.child, 0, fork.time, (f"{recording.label(process)}, which forked it",))


def _announced(recording: Recording) -> Iterator[Missing]:
    """Yield the processes that left the empty file of a recording."""
    for loss in recording.losses:
        name = _ANNOUNCED.search(loss.where) if loss.reason == TOLD_NOTHING else None
        if name is not None:
            yield Missing(name["identity"], int(name["pid"]), 0, (f"the empty file {loss.where}",))
        elif loss.reason == TOLD_NOTHING:
            yield Missing(loss.where, 0, 0, (f"the empty file {loss.where}",))


def _places(recording: Recording) -> dict[str, _Places]:
    found: dict[str, _Places] = defaultdict(_Places)
    for process, record in recording.of(ProcessRecord):
        if record.directory:
            places = found[record.directory]
            places.length = max(places.length, record.listed, record.number)
            places.present[record.number].add(process)
    for read in recording.lists:
        if read.name and not read.torn:
            places = found[read.name]
            places.in_file = {number: listed.identity for number, listed in enumerate(read.processes, 1)}
            places.length = max(places.length, len(read.processes))
    return found


def _merged(same: list[Missing]) -> Missing:
    """Return one process of what several tell of it."""
    return Missing(
        identity=max(missing.identity for missing in same),
        pid=max(missing.pid for missing in same),
        time=max(missing.time for missing in same),
        known_from=tuple(sorted({told for missing in same for told in missing.known_from})),
    )
