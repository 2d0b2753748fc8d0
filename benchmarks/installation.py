"""An environment with the built wheel in it, as a user has one: its start-up file switches the probe on."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.alone import CHECKOUT

DIRECTORY = CHECKOUT / ".work" / "bench-venv" / f"{sys.version_info[0]}.{sys.version_info[1]}"

REQUIREMENTS = CHECKOUT / "benchmarks" / "requirements.txt"
"""What the service that is measured uses, in versions that are compared over time."""

_SOURCES = ("src", "examples/chat", "pyproject.toml", "README.md", "LICENSE", "benchmarks/requirements.txt")
_BUILT_FROM = "built-from"


def is_made() -> bool:
    """Is the environment there, if only with another wheel in it?"""
    return (DIRECTORY / _BUILT_FROM).exists()


def interpreter() -> Path:
    """Return the interpreter of the environment; make it, or renew the wheel in it, where that is due."""
    python, built_from = DIRECTORY / "bin" / "python", DIRECTORY / _BUILT_FROM
    state = _state_of_sources()
    if not built_from.exists():
        shutil.rmtree(DIRECTORY, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(DIRECTORY))
    elif built_from.read_text() == state:
        return python
    with TemporaryDirectory(prefix="ssot-probe-bench-") as directory:
        _run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", directory, str(CHECKOUT))
        (wheel,) = Path(directory).glob("*.whl")
        _run(
            str(python),
            "-m",
            "pip",
            "install",
            "--only-binary",
            ":all:",
            "--requirement",
            str(REQUIREMENTS),
            str(wheel),
        )
        _run(str(python), "-m", "pip", "install", "--no-deps", "--force-reinstall", str(wheel))
    built_from.write_text(state)
    return python


def environment() -> dict[str, str]:
    """Return the environment without what changes how an interpreter starts, or sets up the probe."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "SSOT_PROBE", "OTEL_"))
    }


def _run(*command: str) -> None:
    quiet = ["--quiet", "--disable-pip-version-check"] if "pip" in command else []
    done = subprocess.run(
        [*command, *quiet], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")


def _state_of_sources() -> str:
    found = hashlib.sha256(sys.version.encode())
    for path in _source_files():
        found.update(f"{path.relative_to(CHECKOUT)}\n".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def _source_files() -> Iterator[Path]:
    for name in _SOURCES:
        top = CHECKOUT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
