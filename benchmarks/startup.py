"""What the probe adds to the start of a service that loads thousands of modules, most of them installed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from benchmarks import installation
from benchmarks.alone import Effort
from benchmarks.progress import Progress
from benchmarks.readings import Reading, Spread, at_most, spread_of
from benchmarks.service_tree import LEAVE_WHEN_READY, write_service

GROUP = "start of a service of 3,500 modules"

SHARE_OF_THE_START = at_most(1.02)
SHARE_OF_THE_MEMORY = at_most(1.03)

FIRST_PARTY = 150
MODULES = 3_500
"""Modules that are loaded at least, with the standard library's."""


class Run(NamedTuple):
    """What one process used, in seconds and in whatever unit the system counts memory."""

    wall: float
    processor: float
    memory: float


class Pair(NamedTuple):
    """Two processes, one right after the other."""

    observed: Run
    plain: Run


def measure(effort: Effort) -> list[Reading]:
    """Start the service with the probe and without in turn."""
    with Progress("install the wheel", 1):
        python = installation.interpreter()
    readings: list[Reading] = []
    for first_party in (FIRST_PARTY, 5 * FIRST_PARTY):
        with TemporaryDirectory(prefix="ssot-probe-bench-") as name:
            write_service(Path(name), first_party)
            readings += _compare(python, Path(name), first_party, effort)
    return readings


def _compare(python: Path, service: Path, first_party: int, effort: Effort) -> Iterator[Reading]:
    what = f"{first_party} first-party"
    has_goals = first_party == FIRST_PARTY
    goal = SHARE_OF_THE_START if has_goals else None
    memory_goal = SHARE_OF_THE_MEMORY if has_goals else None
    command = [str(python), "main.py"]
    _check(command, service)
    with Progress(f"start, {what}", 2 * effort.pairs) as progress:
        ready = _pairs([*command, LEAVE_WHEN_READY], service, effort.pairs, progress)
        whole = _pairs(command, service, effort.pairs, progress)
    yield Reading(GROUP, f"{what}: until it is ready", _ratio(ready, lambda run: run.wall), goal)
    yield Reading(
        GROUP, f"{what}: processor time until ready", _ratio(ready, lambda run: run.processor), goal
    )
    yield Reading(GROUP, f"{what}: a process that ends at once", _ratio(whole, lambda run: run.wall))
    yield Reading(GROUP, f"{what}: its processor time", _ratio(whole, lambda run: run.processor))
    yield Reading(GROUP, f"{what}: its peak memory", _ratio(whole, lambda run: run.memory), memory_goal)


def _ratio(pairs: list[Pair], quantity: Callable[[Run], float]) -> Spread:
    return spread_of([quantity(pair.observed) / quantity(pair.plain) for pair in pairs])


def _pairs(command: list[str], service: Path, count: int, progress: Progress) -> list[Pair]:
    found = []
    with TemporaryDirectory(prefix="ssot-probe-bench-") as recordings:
        for number in range(count):
            if number % 2:  # what runs second finds the caches as the first one left them
                observed, plain = _run(command, service, recordings), _run(command, service)
            else:
                plain, observed = _run(command, service), _run(command, service, recordings)
            found.append(Pair(observed, plain))
            progress.step()
    return found


def _check(command: list[str], service: Path) -> None:
    """Start the service each way once: its modules are compiled then, and the probe is seen to record."""
    counted = subprocess.check_output([*command, "--count"], cwd=service, env=installation.environment())
    if int(counted) < MODULES:
        raise RuntimeError(f"the service loads {int(counted)} modules only")
    with TemporaryDirectory(prefix="ssot-probe-bench-") as recordings:
        _run(command, service)
        _run(command, service, recordings)
        if not any(Path(recordings).glob("*.traces.jsonl")):
            raise RuntimeError("the probe was not active in the service")


def _run(command: list[str], service: Path, recordings: str = "") -> Run:
    """Run the service to its end, with the probe where recordings have a place."""
    environment = installation.environment()
    if recordings:
        environment.update(SSOT_PROBE="1", SSOT_PROBE_DIR=recordings)
    started = perf_counter()
    process = subprocess.Popen(
        command, cwd=service, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _, status, used = os.wait4(process.pid, 0)
    except KeyboardInterrupt:  # which the service, in a session of its own, does not get
        process.kill()
        raise
    wall = perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the service ended with {process.returncode}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss)
