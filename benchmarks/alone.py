"""Runs one benchmark in an interpreter of its own, which has loaded and patched nothing else before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from benchmarks.readings import Reading, from_json, to_json

CHECKOUT = Path(__file__).resolve().parent.parent


class Effort(NamedTuple):
    """How long it may take to read how exactly."""

    rounds: int  # of laps of some hundred calls
    long_rounds: int  # of many thousand calls
    long_calls: int
    pairs: int  # of processes, with and without the probe


QUICK = Effort(rounds=8, long_rounds=2, long_calls=4_000, pairs=2)
FULL = Effort(rounds=60, long_rounds=8, long_calls=12_000, pairs=16)

_CHILD = "from benchmarks.alone import main; main()"


def run_alone(benchmark: str, effort: Effort) -> list[Reading]:
    """Run `measure` of a module in another interpreter.

    Raises:
        subprocess.CalledProcessError: the benchmark failed, and has said on standard error why.
    """
    command = [sys.executable, "-c", _CHILD, benchmark, json.dumps(effort)]
    child = subprocess.Popen(command, cwd=CHECKOUT, env=_environment(), stdout=subprocess.PIPE, text=True)
    try:
        said, _ = child.communicate()
    except KeyboardInterrupt:  # the child gets it too, and removes what it wrote
        child.communicate()
        raise
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return from_json(said)


def main() -> None:
    """Be that other interpreter."""
    measure: Callable[[Effort], list[Reading]] = import_module(sys.argv[1]).measure
    try:
        sys.stdout.write(to_json(measure(Effort(*json.loads(sys.argv[2])))))
    except KeyboardInterrupt:
        sys.exit(130)


def _environment() -> dict[str, str]:
    """Return the environment without what would start a second probe, or set up the one that is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SSOT_PROBE", "OTEL_"))}
