"""What verdicts about 500 paths cost, over the recordings of 200 processes of 30 days: seconds and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.alone import Effort
from benchmarks.fleet import write_fleet
from benchmarks.progress import Progress
from benchmarks.readings import Reading, at_most, spread_of

GROUP = "verdicts, 200 processes x 30 days x 500 paths"
PROCESSES, DAYS, PATHS = 200, 30, 500
ROUNDS = 3

SECONDS, MEGABYTES = at_most(20), at_most(500)

_MEASURED = """
import json, resource, sys
from time import process_time
from ssot_probe.cli import execute

started = process_time()
code = execute(["dead", sys.argv[1], "--config", sys.argv[2], "--format", "json", "--output", sys.argv[3]])
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([code, process_time() - started, used.ru_maxrss / 1024]))
"""

POLICY = """\
packages = ["shop"]
[[concept]]
name = "shop"
classes = ["*Manager*"]
legacy = {legacy}
[dead]
environments = ["production"]
roles = ["web", "worker"]
cycles = ["week"]
"""


def measure(effort: Effort) -> list[Reading]:
    """Write the recordings of a fleet, and judge them in a process of its own."""
    rounds = 1 if effort.pairs < ROUNDS else ROUNDS
    seconds, megabytes = [], []
    with TemporaryDirectory(prefix="ssot-probe-bench-") as name, Progress(GROUP, rounds) as progress:
        directory = Path(name)
        recordings = directory / "data"
        recordings.mkdir()
        policy = write_fleet(recordings, PROCESSES, DAYS, PATHS)
        config = directory / "ssot-probe.toml"
        config.write_text(POLICY.format(legacy=json.dumps(policy.concepts[0].legacy)), encoding="utf-8")
        for _ in range(rounds):
            used, size = _judge(recordings, config, directory / "verdicts.json")
            seconds.append(used)
            megabytes.append(size)
            progress.step()
    return [
        Reading(GROUP, "processor time", spread_of(seconds), SECONDS, "s"),
        Reading(GROUP, "memory", spread_of(megabytes), MEGABYTES, "MB"),
    ]


def _judge(recordings: Path, config: Path, output: Path) -> tuple[float, float]:
    command = [sys.executable, "-c", _MEASURED, str(recordings), str(config), str(output)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    code, seconds, megabytes = json.loads(told.stdout)
    verdicts = [path["verdict"] for path in json.loads(output.read_text(encoding="utf-8"))["paths"]]
    if code or len(verdicts) != PATHS or "LIVE" not in verdicts or "NEVER-LOADED" not in verdicts:
        raise RuntimeError(f"the verdicts are not those of the fleet: exit code {code}")
    return seconds, megabytes
