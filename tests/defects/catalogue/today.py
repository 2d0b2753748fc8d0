"""Which programs are judged otherwise than they deserve at present, and why: `today.toml`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

from defects.catalogue.cases import Case

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = Path(__file__).with_name("today.toml")
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


class Deviation(NamedTuple):
    """A program that gets another verdict than it deserves, or now this and now that: `this or that`."""

    verdict: str
    why: str
    pythons: tuple[str, ...]  # where that is so; empty: everywhere


def deviations() -> dict[str, Deviation]:
    """Return the deviations of today by the id of the case."""
    listed = tomllib.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return {
        name: Deviation(entry["verdict"], entry["why"], tuple(entry.get("python", ())))
        for name, entry in listed.items()
    }


def verdicts_of(case: Case, listed: dict[str, Deviation]) -> list[str]:
    """Return the verdict that the program must get today; several where that changes from run to run."""
    deviation = listed.get(case.id)
    if deviation is not None and (not deviation.pythons or HERE in deviation.pythons):
        return deviation.verdict.split(" or ")
    return ["detected" if case.is_defect else "silent"]
