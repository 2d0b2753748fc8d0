"""Builds the wheel and installs it the way users do. What was built once is kept below `.work`."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent.parent
WORK = CHECKOUT / ".work"
EXTRA = "demo"
KEPT_SECONDS = 4 * 3600
"""Environments of older states of the sources are removed when nobody has used them for so long."""

_SOURCES = ("src", "examples/chat", "pyproject.toml", "README.md", "LICENSE")
_COMPLETE = ".complete"


class Installation(NamedTuple):
    """An environment of its own, with an interpreter."""

    root: Path

    @property
    def python(self) -> str:
        """The interpreter."""
        return str(self.root / "bin" / "python")

    @property
    def command(self) -> str:
        """The console command."""
        return str(self.root / "bin" / "ssot-probe")

    @property
    def site_packages(self) -> Path:
        """Where packages lie."""
        version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        return self.root / "lib" / version / "site-packages"


def wheel() -> Path:
    """Return the wheel of the sources as they are."""

    def build(directory: Path) -> None:
        _run(
            [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(directory), str(CHECKOUT)]
        )

    (found,) = _cached("wheels", _hash_of_sources(), build).glob("*.whl")
    return found


def with_wheel() -> Installation:
    """Return a virtual environment into which the wheel was installed, with what it needs."""
    built = wheel()

    def build(directory: Path) -> None:
        _make_environment(directory)
        _pip(directory, f"{built}[{EXTRA}]")

    return Installation(_cached("venvs", f"wheel-{_digest(built.parent.name, _setting())}", build))


def editable() -> Installation:
    """Return a virtual environment with the checkout installed in place."""

    def build(directory: Path) -> None:
        _make_environment(directory)
        _pip(directory, "--editable", str(CHECKOUT))

    project = (CHECKOUT / "pyproject.toml").read_text()
    start_up_file = (CHECKOUT / "src" / "ssot_probe.pth").read_text()
    key = _digest(project, start_up_file, str(CHECKOUT), _setting())
    return Installation(_cached("venvs", f"editable-{key}", build))


def target_tree() -> Path:
    """Return a directory into which the wheel was installed by `pip install --target`."""
    built = wheel()

    def build(directory: Path) -> None:
        _run([sys.executable, "-m", "pip", "install", "--target", str(directory), str(built)])

    return _cached("venvs", f"target-{_digest(built.parent.name, _setting())}", build)


def library_tree(*requirements: str) -> Path:
    """Return a directory into which libraries were installed, for a program to put on its path."""

    def build(directory: Path) -> None:
        _run([sys.executable, "-m", "pip", "install", "--target", str(directory), *requirements])

    return _cached("trees", f"library-{_digest(*requirements, _setting())}", build)


def make_bare(root: Path) -> Installation:
    """Make a virtual environment with nothing in it."""
    _run([sys.executable, "-m", "venv", "--without-pip", str(root)])
    return Installation(root)


def unpack_wheel(into: Installation) -> None:
    """Install the wheel without anything that it needs."""
    with zipfile.ZipFile(wheel()) as archive:
        archive.extractall(into.site_packages)


def old_interpreters() -> list[str]:
    """Return interpreters that are too old for the probe, where there are any on PATH or below PYENV_ROOT."""
    names = [f"python{version}" for version in ("2.7", "3.6", "3.7", "3.8", "3.9")]
    root = os.environ.get("PYENV_ROOT")
    installed = glob(f"{root}/versions/*/bin/python[23].[0-9]") if root else []
    return sorted({path for path in (*map(shutil.which, names), *installed) if path and _is_old(path)})


def _is_old(python: str) -> bool:
    ask = "import sys; sys.exit(sys.version_info >= (3, 10))"
    return subprocess.run([python, "-c", ask], capture_output=True, check=False).returncode == 0


def _make_environment(directory: Path) -> None:
    _run([sys.executable, "-m", "venv", str(directory)])


def _pip(directory: Path, *what: str) -> None:
    _run([str(directory / "bin" / "python"), "-m", "pip", "install", *what])


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")


def _environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SSOT_", "OTEL_"))
    }


def _setting() -> str:
    """Return what else decides which packages are installed."""
    constraints = os.environ.get("PIP_CONSTRAINT", "")
    text = "".join(Path(file).read_text() for file in constraints.split())
    return f"{sys.version} {sys.executable} {text}"


def _hash_of_sources() -> str:
    found = hashlib.sha256()
    for name in _SOURCES:
        top = CHECKOUT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(f"{path.relative_to(CHECKOUT)}\n".encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _cached(kind: str, name: str, build: Callable[[Path], None]) -> Path:
    """Return the directory of this name; build it where it is missing, alone."""
    directory = WORK / kind / name
    with _alone(WORK / f"{kind}.lock"):
        complete = directory / _COMPLETE
        if not complete.exists():
            shutil.rmtree(directory, ignore_errors=True)
            directory.parent.mkdir(parents=True, exist_ok=True)
            _remove_unused(directory.parent)
            build(directory)
        complete.touch()
    return directory


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep the other workers of this run, and other runs in this checkout, out."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_unused(parent: Path) -> None:
    for directory in parent.iterdir():
        complete = directory / _COMPLETE
        if complete.exists() and time.time() - complete.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(directory, ignore_errors=True)
