"""Tells of Python programs that will not record, from the command line and environment they are started with.

A program that no rule here knows for Python is not told: most that a service starts are none.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ssot_probe.settings import is_on

START_UP_FILE = "ssot_probe.pth"

_PYTHON = re.compile(r"(python|pypy)[\d.]*[a-z]?(\.exe)?")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"})
_LAUNCHERS = _SHELLS | {
    *("env", "nice", "nohup", "timeout", "setsid", "stdbuf", "time", "xargs", "exec", "ionice", "chrt"),
    *("taskset", "numactl", "sudo", "doas", "su", "runuser", "gosu", "su-exec", "tini", "dumb-init"),
    *("strace", "unshare", "nsenter", "chroot", "prlimit", "setpriv"),
}
"""Programs that run another one, which stands among their arguments."""

_CLEARS = frozenset({"-i", "-", "--ignore-environment"})
_SEPARATORS = re.compile(r"[\s;|&()<>`\"'$]+")
_LONGEST_LINE = 256  # of what a script says about its interpreter
_SITES = ("site-packages", "dist-packages")


def why_unrecorded(program: str, words: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return why a program will not record though it is one of Python, "" where it will or is none.

    Args:
        program: the path of what is run, or its name.
        words: its arguments, with its name.
        environ: its environment.
    """
    path = _found(program, environ)
    if not path:
        return ""
    if _is_python(path):
        return _why([path, *words[1:]], environ)
    if os.path.basename(path) in _LAUNCHERS:
        return _why_behind([os.path.basename(path), *_split(path, words[1:])], environ)
    asked = _interpreter_of(path)
    return why_unrecorded(asked[0], asked, environ) if asked else ""


def _why_behind(words: Sequence[str], environ: Mapping[str, str]) -> str:
    """Look at every program that stands among the arguments of one that runs others."""
    given = dict(environ)
    launcher = words[0]
    for position, word in enumerate(words):
        name, equals, value = word.partition("=")
        if os.path.basename(word) in _LAUNCHERS:
            launcher = os.path.basename(word)
        if equals and name.isidentifier():
            given[name] = value
        elif launcher == "env" and word in _CLEARS:
            given.clear()
        elif launcher == "env" and words[position - 1] in ("-u", "--unset"):
            given.pop(word, None)
        elif launcher == "sudo":
            given.pop("SSOT_PROBE", None)
        if position and not word.startswith("-"):
            path = _found(word, environ)
            asked = [] if not path or _is_python(path) else _interpreter_of(path)
            if path and (_is_python(path) or asked):
                why = _why([*asked, *words[position + 1 :]] if asked else words[position:], environ, given)
                if why:
                    return why
    return ""


def _why(words: Sequence[str], environ: Mapping[str, str], given: Mapping[str, str] | None = None) -> str:
    """Look at the words of an interpreter, found by one environment and given another, where there is one."""
    letters = set(_letters(words[1:]))
    given = environ if given is None else given
    if not is_on(given):
        return "its environment does not switch the probe on"
    if "S" in letters:
        return "-S keeps the probe out"
    if not letters & {"E", "I"} and any(_customizes(entry) for entry in _entries(given)):
        return ""
    if any(_starts(directory) for directory in _site_directories(_found(words[0], environ), given)):
        return ""
    if letters & {"E", "I"}:
        return "-E or -I keeps the probe out, which is not installed there"
    return "the probe is not installed there"


def _letters(words: Sequence[str]) -> Iterator[str]:
    """Yield the options of an interpreter that are one letter each, up to what it runs."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            return
        if word.startswith("--"):
            continue
        for position, letter in enumerate(word[1:], 2):
            if letter in "cm":
                return
            if letter in "WX":
                if position == len(word):
                    next(rest, "")
                break
            yield letter


def _entries(environ: Mapping[str, str]) -> list[str]:
    return [entry for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if entry]


def _starts(directory: str) -> bool:
    """Does a directory of installed packages, or of the standard library, start the probe?"""
    is_site = os.path.basename(directory) in _SITES
    return (is_site and os.path.isfile(os.path.join(directory, START_UP_FILE))) or _customizes(directory)


def _customizes(directory: str) -> bool:
    try:
        with open(os.path.join(directory, "sitecustomize.py"), "rb") as file:
            return b"ssot_probe" in file.read(65_536)
    except OSError:
        return False


def _site_directories(path: str, environ: Mapping[str, str]) -> list[str]:
    """Return the directories from which an interpreter runs what it finds at its start."""
    executable = os.path.abspath(sys.executable or "")
    is_beside = os.path.dirname(path) == os.path.dirname(executable)
    if is_beside and os.path.realpath(path) == os.path.realpath(executable):
        others = {os.path.abspath(entry) for entry in (*_entries(environ), *_entries(os.environ))}
        return [entry for entry in sys.path if entry and entry not in others]
    prefix = os.path.dirname(os.path.dirname(path))
    if not os.path.isfile(os.path.join(prefix, "pyvenv.cfg")):
        prefix = os.path.dirname(os.path.dirname(os.path.realpath(path)))
    from glob import escape, glob

    return [found for name in _SITES for found in glob(f"{escape(prefix)}/lib/python*/{name}")]


def _split(program: str, words: Sequence[str]) -> list[str]:
    """Return the words of a command, and of what a shell is to run."""
    if not any(os.path.basename(word) in _SHELLS for word in (program, *words)):
        return list(words)
    return [part for word in words for part in _SEPARATORS.split(word) if part]


def _found(program: str, environ: Mapping[str, str]) -> str:
    """Return the path of a program that can be run, "" for none."""
    if os.path.dirname(program):
        candidates = [program]
    else:
        places = environ.get("PATH", os.defpath).split(os.pathsep)
        candidates = [os.path.join(place, program) for place in places]
    for candidate in candidates:
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return os.path.abspath(candidate)
    return ""


def _is_python(path: str) -> bool:
    is_called_so = _PYTHON.fullmatch(os.path.basename(path)) is not None
    return is_called_so or path == os.path.abspath(sys.executable or "")


def _interpreter_of(path: str) -> list[str]:
    """Return the words by which a script names its interpreter."""
    try:
        with open(path, "rb") as file:
            line = file.readline(_LONGEST_LINE)
    except OSError:
        return []
    if not line.startswith(b"#!"):
        return []
    words = os.fsdecode(line[2:]).split()
    if words and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if word != "-S"]
    return words if words and _is_python(words[0]) else []


def environment_of(given: Any) -> Mapping[str, str]:
    """Return an environment as text: that of this process for None, else a mapping or a list of pairs."""
    if given is None:
        return os.environ
    if isinstance(given, Mapping):
        return {os.fsdecode(name): os.fsdecode(value) for name, value in given.items()}
    pairs = (os.fsdecode(pair).partition("=") for pair in given)
    return {name: value for name, _, value in pairs}
