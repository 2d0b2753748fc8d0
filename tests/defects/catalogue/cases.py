"""The programs of the catalogue, as their own headers declare them."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROGRAMS = Path(__file__).parent / "programs"

LENGTHS = ("long", "short")
"""Long: a package that serves for a second. Short: a script that is over in a tenth of one."""

_BLOCK = re.compile(r"^# /// (?P<name>\w+)\n(?P<text>(?:#.*\n)+?)# ///$", re.MULTILINE)
_KEYS = {"row", "code", "expect", "also", "needs", "server", "python", "lengths"}


class Expected(NamedTuple):
    """A finding that would prove the defect: one of these codes, and what it must speak of."""

    code: str
    names: tuple[str, ...]  # all of them in the subject, the message or the evidence; "@here" is a line


class Case(NamedTuple):
    """One program, run in one way."""

    name: str  # of the file, without its ending
    length: str
    file: Path
    says: str
    row: int  # of the catalogue; 0 for a program that is written from a finding's wording
    code: str  # of that finding; "" for a row of the catalogue
    expected: tuple[Expected, ...]  # any of them; none for a benign twin
    also: tuple[str, ...]  # codes that are true of this program as well
    needs: tuple[str, ...]  # libraries
    server: str  # program that must be installed
    python: tuple[int, ...]  # the oldest that it is written for
    policy: str

    @property
    def id(self) -> str:
        """What the run is called in tests and tables."""
        return f"{self.name} {self.length}"

    @property
    def is_defect(self) -> bool:
        """Must something be found?"""
        return bool(self.expected)

    @property
    def group(self) -> str:
        """The row or the finding that the program belongs to."""
        return self.code or f"row {self.row:02}"


def cases() -> list[Case]:
    """Return all programs, each as often as it is run."""
    return [case for file in sorted(PROGRAMS.rglob("[a-z]*.py"), key=_order) for case in _read(file)]


def _order(file: Path) -> tuple[bool, str]:
    return not file.stem.startswith("row"), file.stem


def _read(file: Path) -> Iterator[Case]:
    text = file.read_text(encoding="utf-8")
    blocks = {found["name"]: _uncommented(found["text"]) for found in _BLOCK.finditer(text)}
    header: dict[str, Any] = tomllib.loads(blocks["case"])
    unknown = header.keys() - _KEYS
    if unknown or not ("row" in header or "code" in header):
        raise ValueError(f"{file.name}: its header lacks a row or has unknown keys {sorted(unknown)}")
    docstring = ast.get_docstring(ast.parse(text)) or ""
    for length in header.get("lengths", _lengths(header)):
        yield Case(
            file.stem,
            length,
            file,
            docstring.partition("\n")[0],
            header.get("row", 0),
            header.get("code", ""),
            tuple(Expected(code, tuple(names)) for code, *names in header.get("expect", ())),
            tuple(header.get("also", ())),
            tuple(header.get("needs", ())),
            header.get("server", ""),
            tuple(int(part) for part in header.get("python", "3.10").split(".")),
            blocks["policy"],
        )


def _lengths(header: dict[str, Any]) -> Sequence[str]:
    """Return how a program is run that does not say so: one written from a finding's wording is short."""
    if "code" in header:
        return LENGTHS[1:]
    return LENGTHS if header.get("expect") else LENGTHS[:1]


def _uncommented(text: str) -> str:
    return "".join(line[2:] if line.startswith("# ") else line[1:] for line in text.splitlines(True))


def chosen(found: Sequence[Case], words: Sequence[str]) -> list[Case]:
    """Return the cases whose group or id holds one of the words; all without words."""
    return [case for case in found if not words or any(word in f"{case.group} {case.id}" for word in words)]


def one_of_each(found: Sequence[Case]) -> list[Case]:
    """Return of each group one defect and one twin, for runs on many Pythons."""
    first: dict[tuple[str, bool], Case] = {}
    for case in found:
        first.setdefault((case.group, case.is_defect), case)
    return list(first.values())
