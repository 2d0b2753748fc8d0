"""One neighbour of the probe in one process: how it is started, and what has to stay as it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any, NamedTuple

import pytest
from coexistence.support.environments import ALL, Environment, NotMadeError, environment_with, own

Play = Callable[[Path, Environment], None]
"""Plays a case in a directory; raises AssertionError where something is not as it is without the other."""


class Case(NamedTuple):
    """A neighbour, and one way to start it.

    Args:
        neighbour: its name.
        how: what is special about this way.
        play: plays it.
        same: what stays identical.
        loses: what the probe does not see then, and says so.
        distribution: whose version the table tells.
        requirements: of an environment of its own; without any it is played in that of the tests.
        start_up_file: the environment has the probe's start-up file.
        needs: modules and commands that the environment of the tests must have.
        since: the first version of Python.
        until: the last version of Python.
        is_thin: it belongs to the cut that runs with all tests.
    """

    neighbour: str
    how: str
    play: Play
    same: str
    loses: str = ""
    distribution: str = ""
    requirements: tuple[str, ...] = ()
    start_up_file: bool = True
    needs: tuple[str, ...] = ()
    since: tuple[int, int] = (3, 10)
    until: tuple[int, int] = (3, 99)
    is_thin: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.neighbour}, {self.how}"

    def environment(self) -> Environment:
        """Return where it is played.

        Raises:
            NotMadeError: it cannot be played here, and why.
        """
        if not self.since <= sys.version_info[:2] <= self.until:
            since, until = (f"3.{version[1]}" for version in (self.since, self.until))
            raise NotMadeError(f"for Python {since}" + ("" if until == "3.99" else f" to {until}"))
        absent = [name for name in self.needs if not _is_there(name)]
        if absent:
            raise NotMadeError(f"not installed: {', '.join(absent)}")
        if self.requirements:
            return environment_with(self.requirements, self.start_up_file)
        return own()


def parameters(cases: Sequence[Case]) -> list[Any]:
    """Return the cases that tests play, as parameters: the thin cut, or all."""
    chosen = [pytest.param(case, id=case.name) for case in cases if ALL or case.is_thin]
    heavy = pytest.mark.skip(reason="`make coexistence` plays it, in an environment of its own")
    return chosen or [pytest.param(cases[0], id="all", marks=heavy)]


def play(case: Case, directory: Path) -> None:
    """Play a case in a test; where it cannot be played the test is skipped and says why."""
    try:
        environment = case.environment()
    except NotMadeError as reason:
        pytest.skip(str(reason))
    case.play(directory, environment)


def _is_there(name: str) -> bool:
    beside = Path(sys.executable).parent / name
    return beside.exists() or find_spec(name) is not None or which(name) is not None
