"""What the probe takes from a chat service that many users talk to at the same time.

At the users' pace each of them asks again a second after the answer, on average: faster than people do. The
service is far from its limit then, and what its users notice is how long they wait. At full speed they ask as
fast as the service answers, and its agents do not pause: then every microsecond is one that an answer takes
longer, and the share of the answers that are left says how much less one process can carry.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks import installation
from benchmarks.alone import CHECKOUT, Effort
from benchmarks.chat_service import FULL_SPEED
from benchmarks.progress import Progress
from benchmarks.readings import Goal, Reading, Spread, at_least, at_most, spread_of

USERS = 200
GROUP = f"chat service with {USERS} users"
VARIANTS = ("consolidated", "fragmented")
USERS_PACE = "users-pace"


class Pace(NamedTuple):
    """How the users ask."""

    asks: int  # of each user
    pause: float  # seconds before each question, on average


PACES = {FULL_SPEED: Pace(12, 0.0), USERS_PACE: Pace(10, 1.0)}

SHARE_OF_THE_ANSWERS = at_least(0.97)
SLOWEST_ANSWERS = at_most(1.05)

_HERE = Path(__file__).resolve().parent
_TICKS = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """What one process of the service did under load."""

    rate: float  # answers per second
    slowest: float  # seconds that 99 of 100 answers took at most
    slowest_reaction: float  # the same, of the first sign of life
    processor: float  # seconds of it per answer


class Pair(NamedTuple):
    """Two processes, one right after the other."""

    observed: Load
    plain: Load


def measure(effort: Effort) -> list[Reading]:
    """Put the load on each variant of the service, with the probe and without in turn."""
    with Progress("install the wheel", 1):
        python = str(installation.interpreter())
    return [reading for variant in VARIANTS for reading in _compare(python, variant, effort)]


def _compare(python: str, variant: str, effort: Effort) -> Iterator[Reading]:
    pairs = max(2, effort.pairs // 2)
    with Progress(f"chat load, {variant}", 2 * pairs) as progress:
        paced = _pairs(python, variant, USERS_PACE, pairs, progress)
        fast = _pairs(python, variant, FULL_SPEED, pairs, progress)
    yield from (
        _reading(f"{variant}: {what}", pairs_at_pace, quantity, goal)
        for what, pairs_at_pace, quantity, goal in (
            ("answers per second at the users' pace", paced, lambda load: load.rate, SHARE_OF_THE_ANSWERS),
            ("slowest 1 % of answers", paced, lambda load: load.slowest, SLOWEST_ANSWERS),
            ("slowest 1 % of first signs of life", paced, lambda load: load.slowest_reaction, None),
            ("processor time per answer", paced, lambda load: load.processor, None),
            ("answers per second at full speed", fast, lambda load: load.rate, None),
            ("slowest 1 % of answers at full speed", fast, lambda load: load.slowest, None),
            ("processor time per answer at full speed", fast, lambda load: load.processor, None),
        )
    )


def _reading(
    what: str, pairs: list[Pair], quantity: Callable[[Load], float], goal: Goal | None = None
) -> Reading:
    return Reading(GROUP, what, _ratio(pairs, quantity), goal)


def _ratio(pairs: list[Pair], quantity: Callable[[Load], float]) -> Spread:
    return spread_of([quantity(pair.observed) / quantity(pair.plain) for pair in pairs])


def _pairs(python: str, variant: str, pace: str, count: int, progress: Progress) -> list[Pair]:
    found = []
    for number in range(count):
        with TemporaryDirectory(prefix="ssot-probe-bench-") as recordings:
            if number % 2:
                observed, plain = _load(python, variant, pace, recordings), _load(python, variant, pace)
            else:
                plain, observed = _load(python, variant, pace), _load(python, variant, pace, recordings)
            if not any(Path(recordings).glob("*.traces.jsonl")):
                raise RuntimeError("the probe was not active in the service")
        found.append(Pair(observed, plain))
        progress.step()
    return found


def _load(python: str, variant: str, pace: str, recordings: str = "") -> Load:
    """Run the service under load, with the probe where recordings have a place."""
    environment = installation.environment()
    if recordings:
        environment.update(SSOT_PROBE="1", SSOT_PROBE_DIR=recordings)
    service = subprocess.Popen(
        [python, str(_HERE / "chat_service.py"), str(USERS), pace],
        cwd=CHECKOUT / "examples" / "chat" / variant,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert service.stdout is not None
        port = re.findall(r":(\d+)", service.stdout.readline())[-1]
        before = _processor_time(service.pid)
        command = [python, str(_HERE / "chat_clients.py"), f"ws://127.0.0.1:{port}/ws", str(USERS)]
        command += [str(value) for value in PACES[pace]]
        said = subprocess.check_output(command, env=installation.environment(), text=True)
        used = _processor_time(service.pid) - before
    finally:
        service.send_signal(signal.SIGTERM)
        try:
            service.wait(30)
        except subprocess.TimeoutExpired:
            service.kill()
    told = json.loads(said)
    runs = told["runs"]
    return Load(runs / told["seconds"], told["slowest"], told["slowest_reaction"], used / runs)


def _processor_time(process: int) -> float:
    """Return the seconds of processor time that a process has used, all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
