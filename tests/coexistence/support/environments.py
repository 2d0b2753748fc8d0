"""Environments with the probe and one of its neighbours in them, kept outside of the tree.

Each is made once for a list of requirements, a Python and this checkout, below XDG_CACHE_HOME, where
COEXISTENCE=all asks for all neighbours, as `make coexistence` does.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[3]

ALL = os.environ.get("COEXISTENCE") == "all"
"""Tests play a thin cut, of what their own environment holds, unless all are asked for."""

START_UP_FILE = "ssot_probe.pth"

_COMPLETE = ".complete"
_WHY = ".why"
_LIST = """
import importlib.metadata as metadata, json, sys
print(json.dumps({d.metadata["Name"].lower(): d.version for d in metadata.distributions()}))
"""


class Environment(NamedTuple):
    """Where programs run beside a neighbour.

    Attributes:
        python: the interpreter.
        has_start_up_file: the interpreter runs the probe's start-up file.
    """

    python: str
    has_start_up_file: bool

    def command(self, name: str) -> str:
        """Return the path of a command of this environment."""
        return str(Path(self.python).parent / name)

    def version(self, distribution: str) -> str:
        """Return the version of a distribution, "" where it is not installed."""
        return _versions(self.python).get(distribution.lower(), "")


class NotMadeError(Exception):
    """An environment is not there, and why."""


def own() -> Environment:
    """Return the environment of the tests."""
    start_up = any((Path(place) / START_UP_FILE).exists() for place in sys.path)
    return Environment(sys.executable, start_up)


def environment_with(requirements: Sequence[str], start_up_file: bool = True) -> Environment:
    """Return an environment with the probe and these requirements; made where it is missing and ALL is set.

    Without the start-up file it is one in which only a sitecustomize can start the probe.

    Raises:
        NotMadeError: it is not there, or cannot be installed.
    """
    directory = _directory(requirements)
    if not (directory / _COMPLETE).exists():
        if not ALL:
            raise NotMadeError(f"`make coexistence` makes an environment with {', '.join(requirements)}")
        _alone(directory, requirements)
    if start_up_file:
        return Environment(str(directory / "bin" / "python"), True)
    return Environment(str(_without_start_up_file(directory) / "bin" / "python"), False)


def _directory(requirements: Sequence[str]) -> Path:
    project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    start_up_file = (CHECKOUT / "src" / START_UP_FILE).read_text(encoding="utf-8")
    key = "\n".join((*requirements, project, start_up_file, str(CHECKOUT), sys.version))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "ssot-probe" / "coexistence" / hashlib.sha256(key.encode()).hexdigest()[:16]


def _alone(directory: Path, requirements: Sequence[str]) -> None:
    """Make an environment, unless another process is doing so: then wait for it."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with directory.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        why = directory.with_suffix(_WHY)
        if (directory / _COMPLETE).exists():
            return
        if why.exists():
            raise NotMadeError(why.read_text(encoding="utf-8"))
        shutil.rmtree(directory, ignore_errors=True)
        python = str(directory / "bin" / "python")
        made = _run(sys.executable, "-m", "venv", str(directory))
        made = made or _run(python, "-m", "pip", "install", "-q", "--editable", str(CHECKOUT), *requirements)
        if made:
            reason = f"cannot be installed: {', '.join(requirements)}: {made}"
            why.write_text(reason, encoding="utf-8")
            raise NotMadeError(reason)
        (directory / _COMPLETE).touch()


def _without_start_up_file(directory: Path) -> Path:
    """Return a copy of an environment that lacks the probe's start-up file; its files are links."""
    copy = directory.with_name(f"{directory.name}-bare")
    with directory.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (copy / _COMPLETE).exists():
            return copy
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(directory, copy, symlinks=True, copy_function=os.link)
        for file in copy.glob(f"lib/python*/site-packages/{START_UP_FILE}"):
            file.unlink()
        for file in (copy / "bin").iterdir():
            text = b"" if file.is_symlink() or not file.is_file() else file.read_bytes()
            if str(directory).encode() in text:
                mode = file.stat().st_mode
                file.unlink()
                file.write_bytes(text.replace(str(directory).encode(), str(copy).encode()))
                file.chmod(mode)
        (copy / _COMPLETE).touch()
    return copy


def _run(*command: str) -> str:
    """Run a command; return the last of what it says where it fails, else nothing."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SSOT_"))}
    done = subprocess.run(command, env=plain, capture_output=True, text=True, check=False)
    if not done.returncode:
        return ""
    return ((done.stderr or done.stdout).strip().splitlines() or [f"ended with {done.returncode}"])[-1]


@cache
def _versions(python: str) -> dict[str, str]:
    done = subprocess.run([python, "-I", "-c", _LIST], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found
