"""What the probe adds to the start of a service that loads thousands of modules, most of them installed.

And to that of a program that loads hardly any, with watched paths and without. Quick readings leave out what
takes minutes: the larger service, and the environment with all its packages where nobody has made it before.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from benchmarks import installation
from benchmarks.alone import CHECKOUT, QUICK, Effort
from benchmarks.progress import Progress
from benchmarks.readings import Reading, Spread, at_most, spread_of
from benchmarks.service_tree import LEAVE_WHEN_READY, write_service
from benchmarks.written_package import write_files

GROUP = "start of a service of 3,500 modules"

SHARE_OF_THE_START = at_most(1.02)
SHARE_OF_THE_MEMORY = at_most(1.03)

SMALL = "start of a small program"
SMALL_RUNS = 10
"""For each pair that is asked for: they take a tenth of a second."""

_POLICY = 'packages = ["shop"]\n[[concept]]\nname = "basket"\nclasses = ["*Basket"]\n'
_PROGRAM = {
    "main.py": "from shop import orders\norders.order()\n",
    "shop/__init__.py": "",
    "shop/orders.py": "def order():\n    return 1\n",
    "probed.toml": _POLICY,
    "watched.toml": _POLICY + 'legacy = ["shop.orders", "shop.gone"]\n',
}

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
    readings = list(_small(effort))
    is_quick = effort.pairs <= QUICK.pairs
    if is_quick and not installation.is_made():
        return readings
    with Progress("install the wheel", 1):
        python = installation.interpreter()
    for first_party in (FIRST_PARTY,) if is_quick else (FIRST_PARTY, 5 * FIRST_PARTY):
        with TemporaryDirectory(prefix="ssot-probe-bench-") as name:
            write_service(Path(name), first_party)
            readings += _compare(python, Path(name), first_party, effort)
    return readings


def _small(effort: Effort) -> Iterator[Reading]:
    """Start a small program without the probe, with it, and with watched paths, in turn."""
    count = SMALL_RUNS * effort.pairs
    runs: dict[str, list[Run]] = {"": [], "probed": [], "watched": []}
    sources = [str(CHECKOUT / "src" / "ssot_probe" / "bootstrap"), str(CHECKOUT / "src")]
    with (
        TemporaryDirectory(prefix="ssot-probe-bench-") as name,
        TemporaryDirectory(prefix="ssot-probe-bench-") as recordings,
        Progress(SMALL, count) as progress,
    ):
        write_files(Path(name), _PROGRAM)
        for _ in range(count):
            for kind, found in runs.items():
                variables = {"PYTHONPATH": os.pathsep.join(sources), "SSOT_PROBE_CONFIG": f"{kind}.toml"}
                found.append(
                    _run([sys.executable, "main.py"], Path(name), recordings * bool(kind), variables)
                )
            progress.step()
        if not any(Path(recordings).glob("*.traces.jsonl")):
            raise RuntimeError("the probe was not active in the program")
    del runs[""][0], runs["probed"][0], runs["watched"][0]  # which compiled what they loaded
    for what, kind, to in (("the probe adds", "probed", ""), ("watched paths add", "watched", "probed")):
        pairs = [Pair(observed, plain) for observed, plain in zip(runs[kind], runs[to])]
        yield Reading(SMALL, what, _added(pairs, lambda run: run.wall), unit="ms")
        yield Reading(SMALL, f"{what}, processor time", _added(pairs, lambda run: run.processor), unit="ms")


def _added(pairs: list[Pair], quantity: Callable[[Run], float]) -> Spread:
    return spread_of([1e3 * (quantity(pair.observed) - quantity(pair.plain)) for pair in pairs])


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


def _run(
    command: list[str], service: Path, recordings: str = "", variables: Mapping[str, str] | None = None
) -> Run:
    """Run the service to its end, with the probe where recordings have a place."""
    environment = {**installation.environment(), **(variables or {})}
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
