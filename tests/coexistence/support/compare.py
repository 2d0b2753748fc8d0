"""Runs a program beside a neighbour: each must be what it is without the other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from coexistence.support.application import ATTRIBUTES, FILES
from coexistence.support.environments import Environment
from coexistence.support.seen import Seen, seen

from support.children import Run, run

STAGING = {"OTEL_RESOURCE_ATTRIBUTES": ATTRIBUTES}


def beside(
    directory: Path,
    environment: Environment,
    *command: str,
    measure: Callable[[Path, Run], Any] = lambda directory, run: None,
    files: Mapping[str, str] = FILES,
    more: Mapping[str, str] | None = None,
    steady: Callable[[str], str] = lambda text: text,
    options: Sequence[str] = (),
    timeout: float = 100,
) -> tuple[Run, Seen]:
    """Run a program beside a neighbour, with the probe and without, and compare the two.

    Args:
        directory: where both lie, each in a directory of its own.
        environment: whose Python runs it.
        command: arguments of the interpreter.
        measure: what the neighbour has made of a run in a directory.
        files: of the program.
        more: variables.
        steady: leaves out of a text what is different each time.
        options: of the interpreter.
        timeout: seconds.

    Returns:
        The run with the probe, and what that has seen.
    """
    told = []
    for name in ("plain", "observed"):
        done = run(
            directory / name,
            *command,
            files=files,
            environment={**STAGING, **(more or {})},
            probe=name == "observed",
            interpreter=environment.python,
            options=options,
            timeout=timeout,
        )
        where = str(directory / name)
        said = {
            "code": done.code,
            "stdout": steady(done.stdout.replace(where, "HERE")),
            "stderr": steady(done.stderr.replace(where, "HERE")),
            "measured": measure(directory / name, done),
        }
        told.append(said)
    plain, observed = told
    for what in plain:
        assert observed[what] == plain[what], (
            f"{what}\n{observed[what]}\n--- without the probe\n{plain[what]}"
        )
    return done, seen(directory / "observed", done.directory)


@cache
def alone(python: str) -> Seen:
    """Return what the probe sees of the shop's program without any neighbour."""
    with tempfile.TemporaryDirectory() as place:
        done = run(Path(place), files=FILES, environment=STAGING, interpreter=python).checked()
        return seen(Path(place), done.directory)


def assert_seen(found: Seen, expected: Seen, **others: Any) -> None:
    """Fail where something else was seen; of some fields it is said what."""
    wanted = expected._replace(**others)
    different = [_difference(name, getattr(found, name), getattr(wanted, name)) for name in Seen._fields]
    assert not any(different), "\n".join(filter(None, different))


def _difference(name: str, here: Any, there: Any) -> str:
    if here == there:
        return ""
    if isinstance(here, dict):
        here, there = here.items(), there.items()
    if isinstance(here, int):
        return f"{name}: {here}, not {there}"
    more = [one for one in here if one not in there]
    missing = [one for one in there if one not in here]
    return f"{name}: too much {more}, missing {missing}"
