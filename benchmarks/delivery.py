"""What sending to a Collector costs the service, and what a Collector that fails does to it.

A service makes instances for its users, request by request. Processes with the probe and without it take
turns: with a Collector that takes everything, that refuses, that never answers, and where there is none.
The first three seconds, in which the SDK is loaded, count for memory only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import NamedTuple

from benchmarks.alone import CHECKOUT, Effort
from benchmarks.progress import Progress
from benchmarks.readings import Reading, at_most, spread_of
from benchmarks.receivers import DEAD, HANGS, REFUSES, TAKES, receiver
from benchmarks.written_package import write_files

GROUP = "delivery"

LATER_END = at_most(2_000)
SLOWEST_REQUESTS = at_most(1.05)
SHARE_OF_A_CORE = at_most(0.03)
MEMORY_WITH_FILES, MEMORY_WITH_OTLP = at_most(20), at_most(40)

PLAIN, FILES = "without the probe", "files only"

INSTANCES_PER_SECOND = 1_000

SHOP = {
    "shop.py": """
class OrderManager:
    def __init__(self, user_id):
        self.user_id = user_id

class SharedManager:
    pass

shared = SharedManager()

def get_manager(user_id):
    return shared
""",
    "ssot-probe.toml": """
[[concept]]
name = "manager"
classes = ["*Manager"]
""",
    "serve.py": """
import hashlib, json, sys, time
import shop

seconds, per_second, work = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
page = bytes(1_000)
took, number = [], 0
began = time.monotonic()
used = since = None
while time.monotonic() - began < seconds + 3:
    number += 1
    if since is None and time.monotonic() - began > 3:  # by then all is loaded
        used, since = time.process_time(), time.monotonic()
        took.clear()
    user = f"user-{number % 50}"
    started = time.perf_counter_ns()
    shop.OrderManager(user)
    shop.get_manager(user)
    for _ in range(work):
        hashlib.sha256(page).digest()
    took.append(time.perf_counter_ns() - started)
    time.sleep(max(0, began + number / per_second - time.monotonic()))
used = (time.process_time() - used) / (time.monotonic() - since)
slowest = sorted(max(took[at : at + 100]) for at in range(0, len(took) - 99, 100))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
middle = slowest[len(slowest) // 2] if slowest else 0
print(json.dumps({"slowest": middle, "used": used, "peak": int(peak) / 1024}), flush=True)
""",
}


class Outcome(NamedTuple):
    """What one process did."""

    slowest: float  # nanoseconds that the slowest of a hundred requests took; the median of all hundreds
    used: float  # processor time per second, all threads
    peak: float  # mebibytes
    seconds: float  # from its start to its end


def measure(effort: Effort) -> list[Reading]:
    """Compare processes that serve beside each kind of Collector."""
    pairs = max(2, effort.pairs // 2)
    with TemporaryDirectory(prefix="ssot-probe-bench-") as name:
        write_files(Path(name), SHOP)
        return [
            *_ends_and_requests(Path(name), pairs, 3.0 if effort.pairs <= 2 else 12.0),
            *_export(Path(name), pairs, 3.0 if effort.pairs <= 2 else 10.0),
        ]


def _ends_and_requests(directory: Path, pairs: int, seconds: float) -> Iterator[Reading]:
    """A hundred requests a second, each of some milliseconds of work, beside a process without the probe.

    The two run at the same time: what disturbs the one disturbs the other. A hundred requests last for a
    second, in which the probe does all that it does now and then.
    """
    kinds = (PLAIN, FILES, TAKES, DEAD, REFUSES, HANGS)
    arguments = (str(seconds), "100", "800")
    found: dict[str, list[tuple[Outcome, Outcome]]] = {kind: [] for kind in kinds}
    with Progress("requests beside Collectors that fail", pairs * len(kinds)) as progress:
        for _ in range(pairs):
            for kind in kinds:
                with ThreadPoolExecutor(2) as pool:
                    one, other = (pool.submit(_serve, directory, each, arguments) for each in (kind, PLAIN))
                found[kind].append((one.result(), other.result()))
                progress.step()
    for kind in kinds[1:]:
        later = [(observed.seconds - plain.seconds) * 1_000 for observed, plain in found[kind]]
        yield Reading(GROUP, f"end of the process, {_named(kind)}", spread_of(later), LATER_END, unit="ms")
    for kind in kinds:
        slower = [observed.slowest / plain.slowest for observed, plain in found[kind]]
        what = f"slowest of a hundred requests, {_named(kind)}"
        yield Reading(GROUP, what, spread_of(slower), None if kind == PLAIN else SLOWEST_REQUESTS)


def _export(directory: Path, pairs: int, seconds: float) -> Iterator[Reading]:
    """A thousand instances a second, and nothing else."""
    kinds = (PLAIN, FILES, TAKES, DEAD, HANGS)
    found = _rounds(directory, kinds, pairs, (str(seconds), str(INSTANCES_PER_SECOND), "0"))
    for kind in kinds[2:]:
        share = [a.used - b.used for a, b in zip(found[kind], found[FILES])]
        what = f"share of a core for export at {INSTANCES_PER_SECOND:,} instances a second, {_named(kind)}"
        yield Reading(GROUP, what, spread_of(share), SHARE_OF_A_CORE)
    for kind in kinds[1:]:
        more = [a.peak - b.peak for a, b in zip(found[kind], found[PLAIN])]
        goal = MEMORY_WITH_FILES if kind == FILES else MEMORY_WITH_OTLP
        yield Reading(GROUP, f"peak memory, {_named(kind)}", spread_of(more), goal, unit="MiB")


def _named(kind: str) -> str:
    return (
        kind
        if kind in (PLAIN, FILES)
        else f"a Collector that is {kind}"
        if kind == DEAD
        else f"one that {kind}"
    )


def _rounds(
    directory: Path, kinds: Sequence[str], rounds: int, arguments: tuple[str, ...]
) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = {kind: [] for kind in kinds}
    with Progress(f"delivery, {arguments[1]} a second", rounds * len(kinds)) as progress:
        for number in range(rounds):
            for kind in kinds if number % 2 else reversed(kinds):
                found[kind].append(_serve(directory, kind, arguments))
                progress.step()
    return found


def _serve(directory: Path, kind: str, arguments: tuple[str, ...]) -> Outcome:
    if kind in (PLAIN, FILES):
        return _run(directory, arguments, is_observed=kind == FILES)
    with receiver(kind) as endpoint:
        return _run(directory, arguments, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)


def _run(
    directory: Path, arguments: tuple[str, ...], is_observed: bool = True, **environment: str
) -> Outcome:
    source = CHECKOUT / "src"
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "SSOT_"))}
    variables["PYTHONPATH"] = f"{source / 'ssot_probe' / 'bootstrap'}{os.pathsep}{source}"
    with TemporaryDirectory(prefix="ssot-probe-bench-") as recordings:
        if is_observed:
            variables.update(SSOT_PROBE="1", SSOT_PROBE_DIR=recordings, **environment)
        started = monotonic()
        said = subprocess.check_output(
            [sys.executable, "serve.py", *arguments], cwd=directory, env=variables, text=True
        )
        seconds = monotonic() - started
        if is_observed and not any(Path(recordings).glob("*.traces.jsonl")):
            raise RuntimeError("the probe was not active in the service")
    return Outcome(**json.loads(said), seconds=seconds)
