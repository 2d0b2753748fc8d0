"""How much longer a service takes to start that loads 1,000 modules."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import Ratio, ratio
from benchmarks.table import Row

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".work" / "benchmark"

THIRD_PARTY = '''"""Module {number} of an installed package."""
import re
from collections import namedtuple

PATTERN = re.compile(r"{number}-(\\w+)")
Pair = namedtuple("Pair", "left right")


class Thing{number}:
    """A thing."""

    kind = "thing"

    def __init__(self, value):
        self.value = value

    def double(self):
        return self.value * 2

    def describe(self):
        return f"{{self.kind}} {{self.value}}"


def helper(value, times=2):
    return [value for _ in range(times)]


def other(values):
    return {{key: helper(key) for key in values}}
'''

FIRST_PARTY = '''"""Module {number} of the service."""
from thirdparty.module_{other} import Thing{other}, helper
{imports}

class Order{name}Manager:
    def __init__(self, user_id):
        self.user_id = user_id
        self.orders = []

    def add(self, order):
        self.orders.append(order)


class Line{number}(Thing{other}):
    def total(self):
        return sum(helper(self.value))


def get_order_manager_{number}(user_id):
    return Order{name}Manager(user_id)


def handler_{number}(request):
    manager = get_order_manager_{number}(request["user_id"])
    manager.add(request)
    return {{"ok": True}}
'''


class Run(NamedTuple):
    """One start, seconds and MiB."""

    cpu: float
    wall: float
    memory: float


def run(pairs: int) -> list[Row]:
    """Start the service with and without the probe in turn."""
    python = _environment()
    rows = []
    for first_party in (100, 1_000):
        service = _service(first_party)
        with_probe, without = [], []
        for turn in range(pairs + 1):
            for is_on, runs in ((False, without), (True, with_probe)):
                found = _start(python, service, is_on)
                if turn:
                    runs.append(found)
        what = f"1,000 modules, {first_party:,} first-party:"
        goal = 1.03 if first_party == 100 else None
        rows += [
            Row(f"{what} processor time", _compare(with_probe, without, 0), goal),
            Row(f"{what} wall time, exit included", _compare(with_probe, without, 1)),
            Row(f"{what} peak memory", _compare(with_probe, without, 2)),
        ]
    return rows


def _compare(above: list[Run], below: list[Run], field: int) -> Ratio:
    return ratio([run[field] for run in above], [run[field] for run in below])


def _environment() -> str:
    """Return the interpreter of an environment with the wheel, whose start-up file switches the probe on."""
    directory = WORK / "venv"
    python = directory / "bin" / "python"
    if not python.exists():
        venv.create(directory, with_pip=True)
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", "install", *quiet, "--upgrade", str(ROOT)], check=True)
    subprocess.run(
        [python, "-m", "pip", "install", *quiet, "--no-deps", "--force-reinstall", str(ROOT)], check=True
    )
    return str(python)


def _service(first_party: int) -> Path:
    """Write a service that loads 1,000 modules, so many of them its own; return its directory."""
    directory = WORK / f"service-{first_party}"
    site, own = directory / "installed" / "site-packages", directory / "service"
    for package in (site / "thirdparty", own / "orders"):
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text("")
    others = max(1, 1_000 - first_party)
    for number in range(others):
        (site / "thirdparty" / f"module_{number}.py").write_text(THIRD_PARTY.format(number=number))
    for number in range(first_party):
        name = "Core" if number % 20 == 0 else f"Part{number}"
        imports = f"from orders.module_{number - 1} import handler_{number - 1}\n" if number else ""
        (own / "orders" / f"module_{number}.py").write_text(
            FIRST_PARTY.format(number=number, other=number % others, name=name, imports=imports)
        )
    lines = ["import sys", f"sys.path.insert(0, {str(site)!r})"]
    lines += [f"import thirdparty.module_{number}" for number in range(others)]
    lines += [f"import orders.module_{number}" for number in range(first_party)]
    (own / "main.py").write_text("\n".join(lines) + "\n")
    return own


def _start(python: str, service: Path, is_on: bool) -> Run:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("SSOT_", "OTEL_"))
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["SSOT_PROBE"] = "1" if is_on else "0"
    environment["SSOT_PROBE_DIR"] = str(WORK / "recordings")
    script = (
        "import resource, subprocess, sys, time\n"
        "started = time.perf_counter()\n"
        "subprocess.run(sys.argv[1:], check=True)\n"
        "wall = time.perf_counter() - started\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)\n"
    )
    timer = {**environment, "SSOT_PROBE": "0"}
    wrapper = ["env", *(f"{name}={environment[name]}" for name in ("SSOT_PROBE", "SSOT_PROBE_DIR"))]
    done = subprocess.run(
        [sys.executable, "-S", "-c", script, *wrapper, python, "main.py"],
        cwd=service,
        env=timer,
        capture_output=True,
        text=True,
        check=True,
    )
    cpu, wall, memory = map(float, done.stdout.split())
    return Run(cpu, wall, memory)
