"""Whether the copies of libraries that the application brings are of versions that the probe can stand on.

Beside a tree of its own the probe finds the copies of the application first, which pip did not choose for it.
"""

from __future__ import annotations

import os
import sys
from typing import NamedTuple, Optional

from ssot_probe.errors import DependencyError

Version = tuple[int, ...]


class Range(NamedTuple):
    """The versions that fit; `pyproject.toml` has the same."""

    lowest: Version
    below: Version
    broken: Optional[Version] = None

    def has(self, version: Version) -> bool:
        """Does this version fit?"""
        return self.lowest <= version < self.below and version[:3] != self.broken

    def __str__(self) -> str:
        words = f"{_text(self.lowest)} or later, below {_text(self.below)}"
        return f"{words}, not {_text(self.broken)}" if self.broken else words


TELEMETRY = Range((1, 24), (2,))
"""Of the SDK of OpenTelemetry and its exporters."""

TELEMETRY_PACKAGES = ("opentelemetry-api", "opentelemetry-sdk")
"""Of one release each, as the one names the other's exact version."""


def wrapt_range(python: Version) -> Range:
    """Return the versions of wrapt that fit a version of Python."""
    if python >= (3, 13):
        return Range((1, 17), (3,), (2, 2, 0))
    return Range((1, 16) if python >= (3, 12) else (1, 15), (3,), (2, 2, 0))


def require_wrapt() -> None:
    """Look at the wrapt that would be imported, without importing anything.

    What is not on the path yet, as it may be while start-up files run, or does not say its version, passes.

    Raises:
        DependencyError: its version does not fit.
    """
    directory = _directory_of("wrapt")
    version = _version_in(directory, "wrapt")
    fits = wrapt_range(sys.version_info[:2])
    if version and not fits.has(_numbers(version)):
        raise DependencyError(f"wrapt {version} in {directory} does not fit, {fits} is needed")


def require_telemetry() -> None:
    """Look at the packages of OpenTelemetry that would be imported. Loads `importlib.metadata`.

    Raises:
        DependencyError: one is missing, its version does not fit, or they are of different releases.
    """
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for package in TELEMETRY_PACKAGES:
        try:
            found.append(version(package))
        except PackageNotFoundError:
            return  # it may be there without saying so; where it is not, its import says that
        if not TELEMETRY.has(_numbers(found[-1])):
            raise DependencyError(f"{package} {found[-1]} does not fit, {TELEMETRY} is needed")
    if len(set(found)) > 1:
        names = " and ".join(f"{name} {version}" for name, version in zip(TELEMETRY_PACKAGES, found))
        raise DependencyError(f"{names} do not belong together")


def _directory_of(name: str) -> str:
    """Return the directory that the package would be imported from, "" where that is not known."""
    for entry in sys.path:
        directory = entry or "."
        if os.path.isfile(os.path.join(directory, name, "__init__.py")):
            return directory
    return ""


def _version_in(directory: str, name: str) -> str:
    """Return the version that the directory's metadata gives, "" where there is none, or more than one."""
    if not directory:
        return ""
    try:
        entries = os.listdir(directory)
    except OSError:
        return ""
    found = {
        entry[len(name) + 1 :].rpartition(".")[0].partition("-")[0]
        for entry in entries
        if entry.startswith(f"{name}-") and entry.endswith((".dist-info", ".egg-info"))
    }
    return found.pop() if len(found) == 1 else ""


def _numbers(version: str) -> Version:
    """Return the numbers that a version begins with, as many as say its release."""
    numbers = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    return tuple(numbers)


def _text(version: Version) -> str:
    return ".".join(map(str, version))
