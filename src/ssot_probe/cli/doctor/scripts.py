"""Who runs a script, by its first line, and where the options of an interpreter end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Optional

from ssot_probe.cli.doctor.shell import SHELLS

_EXPLICIT = "ssot_probe.auto"
_LONGEST_READ = 65_536
_KEPT = "EIPSs"
"""Letters of options that matter to the probe."""


def is_python(program: str) -> bool:
    """Is it an interpreter, by its name?"""
    name = os.path.basename(program)
    return name.startswith(("python", "pypy", "graalpy")) and "-" not in name


def is_shell_script(program: str) -> bool:
    """Does a shell run it?"""
    return any(os.path.basename(word) in SHELLS for word in first_line(program)[:3])


def is_python_script(program: str) -> bool:
    """Does a Python run it?"""
    return any(is_python(word) for word in first_line(program))


def first_line(program: str) -> list[str]:
    """Return the words of the line that names who runs a script, none where there is no such line."""
    try:
        with open(program, "rb") as file:
            first, second = (file.readline(512).decode("utf-8", "replace") for _ in range(2))
    except OSError:
        return []
    if second.startswith("'''exec' "):  # as pip writes it where the path is too long for a first line
        return second.split()[1:2]
    return first.removeprefix("#!").split() if first.startswith("#!") else []


def split_options(arguments: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the options of the interpreter itself, and what it runs: they end where its program begins."""
    found: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest[0]
        if not argument.startswith("-") or argument in ("-", "--"):
            break
        letters = argument[1:]
        if letters[0] in "WX":
            found += rest[: 1 if letters[1:] else 2]
            del rest[: 1 if letters[1:] else 2]
            continue
        before = letters.partition("c")[0].partition("m")[0]
        found += [f"-{letter}" for letter in before if letter in _KEPT]
        if before != letters:
            kind, value = letters[len(before)], letters[len(before) + 1 :]
            rest[0:1] = [f"-{kind}", value] if value else [f"-{kind}"]
            break
        rest.pop(0)
    return tuple(found), tuple(rest)


def program_of(words: Sequence[str]) -> Optional[tuple[str, tuple[str, ...]]]:
    """Return the name of what Python runs, as a command or by `-m`, with its arguments."""
    if not words or words[0] == "-c":
        return None
    if words[0] == "-m":
        return (words[1], tuple(words[2:])) if len(words) > 1 else None
    return os.path.basename(words[0]).removesuffix(".py"), tuple(words[1:])


def imports_the_probe(words: Sequence[str]) -> bool:
    """Does the program import the probe itself: by its text, or by an option, as uWSGI has one?"""
    if any(_EXPLICIT in word for word in words[1:]):
        return True
    if not words or words[0].startswith("-"):
        return False
    try:
        with open(words[0], "rb") as file:
            return _EXPLICIT.encode() in file.read(_LONGEST_READ)
    except OSError:
        return False
