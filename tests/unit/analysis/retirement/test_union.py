"""Recordings of a fleet are a union: what is lost on the way may cost a verdict, and never makes one."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from unit.analysis.retirement.fleet import Worker, day, judged, terms

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.verdicts import DEAD, LIVE
from ssot_probe.model.path_records import CALLED, CONSTRUCTED, INHERITED, RESOLVED
from ssot_probe.model.policy import Dead, Policy
from ssot_probe.model.records import ProcessRecord, Record

ITERATIONS = 10_000
THROUGH_FILES = 150

PATHS = ("chat.ws.old", "chat.ws.compat:Registry", "chat.ws.tools:serve")
TERMS: Policy = terms(
    *PATHS,
    dead=Dead(environments=("production",), roles=("web", "worker"), min_days=5, cycles=("week",)),
)


class Truth(NamedTuple):
    """A fleet, and what it really did."""

    workers: list[Worker]
    used: dict[str, set[str]]  # by path, the processes that used it
    unclosed: set[str]  # processes that did not say goodbye


def some_fleet(random: Random) -> Truth:
    """Return a fleet of a few processes that live and work for some days."""
    count = random.randint(2, 4)
    used: dict[str, set[str]] = {path: set() for path in PATHS}
    workers = []
    unclosed = set()
    for number in range(1, count + 1):
        role = ("web", "worker")[number % 2]
        days = random.choice((9, 10, 14))
        worker = Worker(
            f"p{number}",
            role=role,
            days=days,
            number=number,
            listed=random.choice((number, count)),
            watched=PATHS,
        )
        for path in PATHS:
            if random.random() < 0.15:
                used[path].add(worker.name)
                use_somehow(worker, path, random)
            elif random.random() < 0.1:
                worker.uses("chat/probe.py:3", path, rung=RESOLVED)
        if random.random() < 0.3:
            worker.alive(random.randrange(days))
        if random.random() < 0.95:
            worker.stops(random.choice(("exit", "sigterm")))
        else:
            unclosed.add(worker.name)
        workers.append(worker)
    return Truth(workers, used, unclosed)


def use_somehow(worker: Worker, path: str, random: Random) -> None:
    """Use a path in one of the ways that are told."""
    days = random.randrange(8)
    how = random.randrange(5)
    if how < 3:
        rung = (CALLED, CONSTRUCTED, INHERITED)[how]
        worker.uses("chat/views.py:9", path, rung=rung, days=days, is_at_least=random.random() < 0.5)
    elif how == 3:
        worker.imports("chat/jobs.py:4", path, days=days, origin="unpickling")
    else:
        module, _, name = path.partition(":")
        worker.makes("chat/views.py:12", f"{module}:{name or 'Manager'}")


def all_of(truth: Truth) -> list[tuple[str, Record]]:
    """Return every record, with its process."""
    return [(worker.name, record) for worker in truth.workers for record in worker.records]


def damaged(pairs: list[tuple[str, Record]], random: Random) -> list[tuple[str, Record]]:
    """Return what is left of the records after what can happen to them on the way."""
    left = list(pairs)
    processes = sorted({process for process, _ in pairs})
    for _ in range(random.randint(1, 2)):
        harm = random.randrange(5)
        victim = random.choice(processes)
        if harm == 0:  # single records
            left = [pair for pair in left if random.random() > 0.15]
        elif harm == 1:  # a process
            left = [pair for pair in left if pair[0] != victim]
        elif harm == 2:  # the end of what it told
            theirs = [pair for pair in left if pair[0] == victim]
            kept = theirs[: random.randint(0, len(theirs))]
            left = [pair for pair in left if pair[0] != victim] + kept
        elif harm == 3:  # the beginning of it
            theirs = [pair for pair in left if pair[0] == victim]
            kept = theirs[random.randint(0, len(theirs)) :]
            left = [pair for pair in left if pair[0] != victim] + kept
        else:  # nothing but copies
            left += random.sample(left, len(left) // 2)
    random.shuffle(left)
    return left


def revealed(left: Sequence[tuple[str, Record]]) -> set[str]:
    """Return the processes that what is left tells of: by a record of theirs, or by the list of processes."""
    listed = max((r.listed for _, r in left if isinstance(r, ProcessRecord)), default=0)
    return {process for process, _ in left} | {f"p{number}" for number in range(1, listed + 1)}


def verdicts(recording: Recording) -> dict[str, str]:
    return {row.path: row.verdict for row in judged(recording, TERMS, today=day(20)).rows}


def check(truth: Truth, known: set[str], found: dict[str, str]) -> None:
    """Of what is not known to exist, nothing is asked: no reader could."""
    for path, verdict in found.items():
        if verdict in DEAD:
            assert not truth.used[path] & known, f"{path}: {verdict}, and it was used"
            assert not truth.unclosed & known, f"{path}: what was void turned into {verdict}"


def test_no_loss_makes_a_used_path_dead() -> None:
    dead = live = 0
    for seed in range(ITERATIONS):
        random = Random(seed)
        truth = some_fleet(random)
        pairs = all_of(truth)
        whole = verdicts(Recording(pairs, [worker.about for worker in truth.workers]))
        for path in PATHS:
            assert (whole[path] == LIVE) == bool(truth.used[path]), (seed, path)
        left = damaged(pairs, random)
        about = [worker.about for worker in truth.workers if worker.name in {name for name, _ in left}]
        found = verdicts(Recording(left, about))
        check(truth, revealed(left), found)
        dead += sum(verdict in DEAD for verdict in found.values())
        live += sum(verdict == LIVE for verdict in found.values())
    assert dead > ITERATIONS / 10, "some damage is none: a test that refuses everything proves nothing"
    assert live > ITERATIONS / 10
