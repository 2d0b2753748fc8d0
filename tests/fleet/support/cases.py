"""One way to have workers, and what came of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any, NamedTuple

import pytest
from fleet.support.service import Place

ALL = os.environ.get("FLEET") == "all"
"""Tests run the thin cut of the cases, unless FLEET=all asks for all of them."""

Play = Callable[[Place], None]
"""Has the service do its work in a place, to the end; raises AssertionError where it does not end well."""


class Case(NamedTuple):
    """One way to have workers.

    Args:
        name: what it is called in the table.
        play: has the service do its work in these workers.
        processes: so many processes must have done something.
        loses: what is lost by design; "" where everything has to arrive.
        note: what else the table says of it.
        needs: modules and commands without which it cannot be played.
        says: part of the lines that the program itself says of an error; "" where it says none.
        is_counted: what is lost is the last word only; everything that was done is in the recording.
        is_reborn: a process becomes another program, and has a second recording with its process id.
        is_thin: it belongs to the cut that runs with all tests.
    """

    name: str
    play: Play
    processes: int = 2
    loses: str = ""
    note: str = ""
    needs: tuple[str, ...] = ()
    says: str = ""
    is_counted: bool = False
    is_reborn: bool = False
    is_thin: bool = False

    @property
    def missing(self) -> str:
        """Why it cannot be played on this machine; "" where it can."""
        absent = [name for name in self.needs if not _is_there(name)]
        return f"not installed: {', '.join(absent)}" if absent else ""


def parameters(cases: Sequence[Case]) -> list[Any]:
    """Return the cases that tests run, as parameters."""
    return [
        pytest.param(case, id=case.name, marks=pytest.mark.skipif(bool(case.missing), reason=case.missing))
        for case in cases
        if ALL or case.is_thin
    ]


def _is_there(name: str) -> bool:
    beside = Path(sys.executable).parent / name
    return beside.exists() or find_spec(name) is not None or which(name) is not None
