"""Runs the tests on every Python that is found, with the newest dependencies and with the lowest allowed.

    python tests/matrix.py           a selection of the tests, on all of them
    python tests/matrix.py --full    all tests
    python tests/matrix.py --thin    the lowest dependencies on the oldest Python, the newest on the others,
                                     but for the Python that runs this: `make test` is there for that one

Pythons are searched on PATH as python3.10 to python3.13; SSOT_PROBE_PYTHONS names them instead, separated by
colons. The lowest dependencies are the lower bounds in pyproject.toml, so the two cannot drift apart.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.version import Version

CHECKOUT = Path(__file__).resolve().parent.parent
PLACE = CHECKOUT / ".work" / "matrix"
VERSIONS = ("3.10", "3.11", "3.12", "3.13")
NEWEST, LOWEST = "newest", "lowest"
EXTRAS = "demo,rich"
SHOWN = ("opentelemetry-sdk", "wrapt", "protobuf", "grpcio", "click")

SELECTION = (
    "tests/unit",
    "tests/defects",
    "--deselect=tests/defects/test_catalogue.py::test_every_other_program_gets_its_verdict",
    "tests/process/test_switching_on.py",
    "tests/process/test_off.py",
    "tests/process/test_sitecustomize.py",
    "tests/process/test_child_processes.py",
    "tests/process/test_report_command.py",
    "tests/services/test_chat_demo.py",
)
"""What depends on the version of Python or of a library the most."""

THIN = (
    "tests/unit/observe/paths",
    "tests/process/test_child_processes.py",
    "tests/process/test_ledger.py",
    "tests/process/test_switching_on.py",
    "tests/process/test_off.py",
    "tests/services/test_chat_demo.py",
)
"""What is worth its time on each change. What waits for a Collector at exit is left to the larger selection:
how much is delivered in two seconds depends on how busy the machine is."""

THIN_NEWEST = (
    *THIN,
    "tests/unit/observe",
    "--ignore=tests/unit/observe/sharing/test_manners.py",
    "--ignore=tests/unit/observe/test_first_imports.py",
    "--ignore=tests/unit/observe/test_classes_of_every_library.py",
)
"""On the newest Python also what is the same since 3.12 but for details."""

THIN_OLDEST = (*THIN_NEWEST, "tests/unit/analysis", "tests/unit/context", "tests/unit/wire")
"""On the oldest one also what is the same on all of them but for what its syntax and library lack."""

# A protobuf that old Collector exporters need is built in a way that Python 3.12 and later warn of.
TOLERATED = {LOWEST: ("ignore:Type google._upb._message:DeprecationWarning",), NEWEST: ()}

LINES_SHOWN = 60


class Interpreter(NamedTuple):
    """A Python that was found."""

    version: tuple[int, int, int]
    path: str

    @property
    def name(self) -> str:
        """Its version as people write it."""
        return ".".join(map(str, self.version))


class Cell(NamedTuple):
    """One run of the tests: where, and with which dependencies."""

    interpreter: Interpreter
    dependencies: str

    @property
    def name(self) -> str:
        """What the run is called."""
        return f"{self.interpreter.name}-{self.dependencies}"


class Result(NamedTuple):
    """How a run ended."""

    cell: Cell
    outcome: str  # "passed", or what failed
    summary: str
    seconds: float
    packages: dict[str, str]


class StepError(Exception):
    """A step of a run did not work; its last lines are shown."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the matrix; 0 when everything passed."""
    options = _parsed(arguments)
    found = interpreters()
    if not found:
        print(
            f"no Python of {', '.join(VERSIONS)} was found on PATH or in SSOT_PROBE_PYTHONS", file=sys.stderr
        )
        return 2
    cells = list(_cells(found, options))
    if not cells:
        print(f"nothing to run on {', '.join(interpreter.name for interpreter in found)}", file=sys.stderr)
        return 2
    print(f"{len(cells)} runs: {', '.join(cell.name for cell in cells)}", flush=True)
    results = []
    for number, cell in enumerate(cells, 1):
        results.append(_run(cell, f"[{number}/{len(cells)}] {cell.name}", options))
    print(_table(results))
    return 0 if all(result.outcome == "passed" for result in results) else 1


def interpreters() -> list[Interpreter]:
    """Return the Pythons to test on, the oldest first, each version once."""
    listed = os.environ.get("SSOT_PROBE_PYTHONS", "")
    candidates = [path for path in listed.split(os.pathsep) if path]
    candidates = candidates or [path for version in VERSIONS if (path := shutil.which(f"python{version}"))]
    found: dict[tuple[int, int], Interpreter] = {}
    for path in candidates:
        version = _version_of(path)
        if version is None:
            print(f"{path} does not run and is left out; SSOT_PROBE_PYTHONS names others", flush=True)
        elif f"{version[0]}.{version[1]}" not in VERSIONS:
            print(f"{path} is Python {version[0]}.{version[1]}, it is left out", flush=True)
        else:
            found.setdefault(version[:2], Interpreter(version, path))
    return [found[version] for version in sorted(found)]


def lowest_requirements() -> list[str]:
    """Return every dependency pinned to the lower bound that pyproject.toml gives it."""
    project = _pyproject()["project"]
    extras = [
        requirement for name in EXTRAS.split(",") for requirement in project["optional-dependencies"][name]
    ]
    return sorted(_pinned(Requirement(text)) for text in [*project["dependencies"], *extras])


def _pinned(requirement: Requirement) -> str:
    bounds = [specifier.version for specifier in requirement.specifier if specifier.operator == ">="]
    if len(bounds) != 1:
        raise SystemExit(f"pyproject.toml: {requirement} needs one lower bound")
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}=={Version(bounds[0])}{marker}"


def _pyproject() -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    loaded: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    return loaded


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tests/matrix.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true", help="run all tests")
    parser.add_argument("--thin", action="store_true", help="one run per Python, see above")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="runs such as 3.12-lowest"
    )
    parser.add_argument("-n", "--workers", default="2", help="tests at the same time (default 2)")
    parser.add_argument("tests", nargs="*", help="what pytest is given, instead of the selection")
    return parser.parse_args(arguments)


def _cells(found: Sequence[Interpreter], options: argparse.Namespace) -> Iterator[Cell]:
    for number, interpreter in enumerate(found):
        for dependencies in (LOWEST, NEWEST):
            cell = Cell(interpreter, dependencies)
            if options.only and not any(_is_named(cell, name) for name in options.only):
                continue
            if options.thin and (dependencies == LOWEST) != (number == 0):
                continue
            if options.thin and dependencies == NEWEST and interpreter.version[:2] == sys.version_info[:2]:
                continue  # `make test` runs on this one
            yield cell


def _is_named(cell: Cell, name: str) -> bool:
    version, _, dependencies = name.partition("-")
    return f"{cell.interpreter.name}.".startswith(f"{version}.") and dependencies in ("", cell.dependencies)


def _version_of(path: str) -> tuple[int, int, int] | None:
    ask = [path, "-I", "-c", "import sys; print(*sys.version_info[:3])"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, timeout=30, check=True).stdout.split()
        major, minor, micro = map(int, answer)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return major, minor, micro


def _run(cell: Cell, label: str, options: argparse.Namespace) -> Result:
    started = time.monotonic()
    packages: dict[str, str] = {}
    outcome, summary = "passed", ""
    try:
        print(f"{label}: installing", flush=True)
        python = _install(cell)
        packages = _packages(python)
        print(f"{label}: testing", flush=True)
        summary = _test(cell, python, options)
    except StepError as error:
        outcome, _, tail = str(error).partition("\n")
        print(tail, flush=True)
    seconds = time.monotonic() - started
    print(f"{label}: {outcome} in {seconds:.0f} s{f', {summary}' if summary else ''}", flush=True)
    return Result(cell, outcome, summary, seconds, packages)


def _install(cell: Cell) -> str:
    place = PLACE / cell.name
    python = str(place / "bin" / "python")
    if _version_of(python) != cell.interpreter.version:
        shutil.rmtree(place, ignore_errors=True)
        _step(cell, "venv", [cell.interpreter.path, "-m", "venv", str(place)])
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    _step(cell, "pip", [*pip, "pip"])
    requirements = ["--upgrade-strategy", "eager", "--editable", f".[{EXTRAS}]", "--group", "test"]
    if cell.dependencies == NEWEST:
        requirements += ["--group", "frameworks"]
    _step(cell, "install", [*pip, *requirements])
    return python


def _test(cell: Cell, python: str, options: argparse.Namespace) -> str:
    chosen = _thin(cell) if options.thin else SELECTION
    tests = options.tests or (["tests"] if options.full else list(chosen))
    tolerated = [argument for warning in TOLERATED[cell.dependencies] for argument in ("-W", warning)]
    command = [
        python,
        "-m",
        "pytest",
        "-q",
        "-n",
        options.workers,
        "-p",
        "no:cacheprovider",
        *tolerated,
        *tests,
    ]
    said = _step(cell, "tests", command)
    found = re.search(r"^(=* )?(\d+ passed.*?)( in .*)?$", said, re.MULTILINE)
    return found[2] if found else ""


def _thin(cell: Cell) -> Sequence[str]:
    if cell.dependencies == LOWEST:
        return THIN_OLDEST
    is_newest = cell.interpreter.name.startswith(f"{VERSIONS[-1]}.")
    return THIN_NEWEST if is_newest else THIN


def _packages(python: str) -> dict[str, str]:
    names = repr(SHOWN)
    ask = f"from importlib.metadata import version\nfor name in {names}: print(name, version(name))"
    said = subprocess.run([python, "-I", "-c", ask], capture_output=True, text=True, check=True).stdout
    return dict(line.split(" ", 1) for line in said.splitlines())


def _step(cell: Cell, name: str, command: Sequence[str]) -> str:
    """Run a step, keep what it says in a file, and show its end where it fails."""
    PLACE.mkdir(parents=True, exist_ok=True)
    log = PLACE / f"{cell.name}.{name}.log"
    with log.open("w") as file:
        done = subprocess.run(
            command, cwd=CHECKOUT, env=_environment(cell), stdout=file, stderr=subprocess.STDOUT, check=False
        )
    said = log.read_text(errors="replace")
    if done.returncode:
        tail = "\n".join(f"    {line}" for line in said.splitlines()[-LINES_SHOWN:])
        raise StepError(f"{name} failed, see {log.relative_to(CHECKOUT)}\n{tail}")
    return said


def _environment(cell: Cell) -> dict[str, str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTEST", "SSOT_", "OTEL_")) and name != "VIRTUAL_ENV"
    }
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    if cell.dependencies == LOWEST:
        constraints = PLACE / "lowest.txt"
        PLACE.mkdir(parents=True, exist_ok=True)
        constraints.write_text("\n".join(lowest_requirements()) + "\n")
        environment["PIP_CONSTRAINT"] = str(constraints)
    return environment


def _table(results: Sequence[Result]) -> str:
    rows: list[tuple[str, ...]] = [("Python", "dependencies", "seconds", *SHOWN, "outcome")]
    for result in results:
        versions = (result.packages.get(name, "-") for name in SHOWN)
        cell = result.cell
        outcome = result.summary or result.outcome
        rows.append((cell.interpreter.name, cell.dependencies, f"{result.seconds:.0f}", *versions, outcome))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows]
    return "\n".join(["", lines[0], "-" * len(lines[0]), *lines[1:]])


if __name__ == "__main__":
    sys.exit(main())
