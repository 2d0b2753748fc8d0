"""The Python that a command comes to, seen through the launchers, shells and scripts that stand before it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ssot_probe.cli.doctor.check import Check
from ssot_probe.cli.doctor.launchers import ELSEWHERE, LAUNCHERS, SUPERVISORS, Launcher, behind
from ssot_probe.cli.doctor.scripts import (
    first_line,
    is_python,
    is_python_script,
    is_shell_script,
    split_options,
)
from ssot_probe.cli.doctor.shell import SHELLS, last_command, other_directory
from ssot_probe.cli.run import command as run_command
from ssot_probe.cli.run import environment_for
from ssot_probe.errors import UsageError

MOST_STEPS = 20
"""Launchers in front of each other; more are a circle."""

_LONGEST_SCRIPT = 65_536
_ENV_VALUED = ("-u", "--unset", "-C", "--chdir")


class Invocation(NamedTuple):
    """How a Python program starts.

    Attributes:
        interpreter: the path of the Python, "" where none was found.
        options: of the interpreter, as far as they matter to the probe.
        words: the program and its arguments: a file, or `-m` or `-c` and what follows.
        environment: what it gets.
        checks: what its launchers do.
    """

    interpreter: str
    options: tuple[str, ...]
    words: tuple[str, ...]
    environment: dict[str, str]
    checks: tuple[Check, ...] = ()


def resolve(command: Sequence[str], environ: Mapping[str, str]) -> Invocation:
    """Return how the Python program behind a command starts; this Python where there is no command.

    Raises:
        UsageError: there is no such program.
    """
    if not command:
        return Invocation(sys.executable, (), (), dict(environ))
    return _Resolution(command, environ).result()


class _Resolution:
    """The way from a command to its Python, one program at a time."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._words = list(command)
        self._environment = dict(environ)
        self._checks: list[Check] = []

    def result(self) -> Invocation:
        for _ in range(MOST_STEPS):
            name = os.path.basename(self._words[0])
            program = "" if name in ("exec", "command") else self._found(self._words[0])
            if not program:
                self._words = list(behind(LAUNCHERS["exec"], self._words[1:]).command)
            elif is_python(program):
                options, rest = split_options(self._words[1:])
                return self._invocation(program, options, rest)
            elif name in ELSEWHERE and not is_python_script(program):
                return self._elsewhere(name)
            elif not self._step(program, name):
                break
            if not self._words:
                return self._none("?", f"{name} runs no program that is named here")
        return self._by_first_line()

    def _step(self, program: str, name: str) -> bool:
        """Go on to what a program runs. False where it is the program itself that matters."""
        arguments = self._words[1:]
        if name == "env":
            self._words = self._behind_env(arguments)
        elif name in ("su", "runuser"):
            self._words = self._behind_su(name, arguments)
        elif name in SHELLS:
            self._words = self._behind_shell(name, arguments)
        elif name in LAUNCHERS and (step := behind(LAUNCHERS[name], arguments)).command:
            self._words = list(step.command)
            self._go_through(name, LAUNCHERS[name], program, step.options)
        elif name == "ssot-probe" and arguments[:1] == ["run"]:
            self._words = self._behind_run(arguments[1:])
        elif is_shell_script(program):
            self._words = self._behind_script(program, arguments)
        else:
            return False
        return True

    def _elsewhere(self, name: str) -> Invocation:
        if any(word.partition("=")[0] in ("SSOT_PROBE", "--setenv") for word in self._words):
            return self._none("?", f"{name} runs it elsewhere: run doctor there, in the same way")
        return self._none("fail", f"{name} passes nothing of this environment on: set {ELSEWHERE[name]}")

    def _go_through(self, name: str, launcher: Launcher, program: str, options: Sequence[str]) -> None:
        if launcher.drops:
            self._drop(name, launcher, options)
        if launcher.chooses and self._words:
            self._choose(name, program)

    def _drop(self, name: str, launcher: Launcher, options: Sequence[str]) -> None:
        kept = {word for option in options for word in option.partition("=")[2].split(",") if "=" in option}
        if "-E" in options or "--preserve-env" in options:
            return
        while self._words and self._words[0].partition("=")[0].isidentifier() and "=" in self._words[0]:
            variable, _, value = self._words.pop(0).partition("=")
            self._environment[variable] = value
            kept.add(variable)
        names = [each for each in self._environment if each.startswith(("SSOT_PROBE", "OTEL_", "PYTHON"))]
        for variable in names:
            if variable not in kept:
                del self._environment[variable]
        if "SSOT_PROBE" in names and "SSOT_PROBE" not in kept:
            self._add("note", f"{name} drops the environment: keep it by {launcher.keeps_by}")

    def _choose(self, name: str, program: str) -> None:
        """Find the command where the tool would: in the environment of the project."""
        places = [os.path.join(os.getcwd(), ".venv", "bin"), os.path.join(os.getcwd(), "venv", "bin")]
        if self._environment.get("VIRTUAL_ENV"):
            places.insert(0, os.path.join(self._environment["VIRTUAL_ENV"], "bin"))
        place = next((each for each in places if os.path.isdir(each)), "")
        if place and name not in ("conda", "mamba", "micromamba"):
            self._environment["PATH"] = os.pathsep.join([place, self._environment.get("PATH", "")])
            self._add("note", f"{name} chooses the environment: taken for {os.path.dirname(place)}")
        else:
            self._add("note", f"{name} chooses the environment: run doctor by it, to ask the right one")

    def _behind_env(self, arguments: Sequence[str]) -> list[str]:
        words = list(arguments)
        while words:
            word = words[0]
            if word in ("-i", "-", "--ignore-environment"):
                path = self._environment.get("PATH", os.defpath)
                self._environment.clear()
                self._environment["PATH"] = path
                self._add("note", "env -i drops the environment")
            elif word in _ENV_VALUED and len(words) > 1:
                if word in ("-u", "--unset"):
                    self._environment.pop(words[1], None)
                words.pop(0)
            elif word.startswith(("-S", "--split-string")):
                text = word.partition("=")[2] if word.startswith("--") else word[2:]
                return [*text.split(), *words[1:]] if text else words[1:]
            elif "=" in word and not word.startswith("-"):
                variable, _, value = word.partition("=")
                self._environment[variable] = value
            elif not word.startswith("-"):
                return words
            words.pop(0)
        return words

    def _behind_su(self, name: str, arguments: Sequence[str]) -> list[str]:
        if not {"-", "-l", "--login"}.isdisjoint(arguments):
            for variable in [each for each in self._environment if each.startswith("SSOT_PROBE")]:
                del self._environment[variable]
            self._add("note", f"{name} - drops the environment: leave the dash out")
        for position, word in enumerate(arguments):
            if word in ("-c", "--command") and position + 1 < len(arguments):
                return self._from_text(name, arguments[position + 1], ())
        return list(arguments[arguments.index("--") + 1 :]) if "--" in arguments else []

    def _behind_shell(self, name: str, arguments: Sequence[str]) -> list[str]:
        rest = list(arguments)
        while rest and rest[0].startswith("-"):
            option = rest.pop(0)
            if option in ("-o", "-O", "--rcfile", "--init-file") and rest:
                rest.pop(0)
            elif not option.startswith("--") and "c" in option:
                return self._from_text(name, rest[0], rest[2:]) if rest else []
        return self._behind_script(rest[0], rest[1:]) if rest else []

    def _behind_script(self, path: str, arguments: Sequence[str]) -> list[str]:
        try:
            with open(path if os.path.isfile(path) else self._found(path), "rb") as file:
                text = file.read(_LONGEST_SCRIPT).decode("utf-8", "replace")
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from error
        return self._from_text(os.path.basename(path), text, arguments)

    def _from_text(self, name: str, text: str, arguments: Sequence[str]) -> list[str]:
        found = last_command(text, arguments, self._environment)
        if found is None:
            return []
        self._environment = found.environment
        if directory := other_directory(text):
            self._add(
                "note", f"{name} goes to {directory} first: ask doctor there, as policies are searched for"
            )
        self._add("note", f"{name} runs `{' '.join(found.words)[:80]}` in the end, as far as can be read")
        return list(found.words)

    def _behind_run(self, arguments: Sequence[str]) -> list[str]:
        given = run_command.make_context("run", list(arguments)).params
        self._environment = environment_for(
            self._environment, given["config"], given["out"], given["service"]
        )
        return list(given["command"])

    def _by_first_line(self) -> Invocation:
        """Return the Python that the first line of the program names."""
        program = self._found(self._words[0])
        name = os.path.basename(program)
        starts_others = f"{name} starts what its configuration says: ask for each of its commands"
        words = first_line(program)
        for position, word in enumerate(words):
            if is_python(word):
                interpreter = shutil.which(word, path=self._environment.get("PATH"))
                if interpreter is None:
                    return self._none("?", f"{word}, which {name} names in its first line, is not there")
                if name in SUPERVISORS:
                    self._add("note", starts_others)
                options, _ = split_options(words[position + 1 :])
                return self._invocation(interpreter, options, [program, *self._words[1:]])
        beside = os.path.join(os.path.dirname(program), "python")
        if name.startswith("uwsgi") and os.path.exists(beside):
            self._add("note", f"uWSGI embeds a Python: {beside} was asked in its place")
            return self._invocation(beside, (), [program, *self._words[1:]])
        if name in SUPERVISORS:
            return self._none("?", starts_others)
        return self._none("?", f"{name} is no Python program that could be asked; its Python children may be")

    def _invocation(self, interpreter: str, options: Sequence[str], words: Sequence[str]) -> Invocation:
        return Invocation(
            *(interpreter, tuple(options), tuple(words), self._environment, tuple(self._checks))
        )

    def _none(self, state: str, what: str) -> Invocation:
        self._add(state, what)
        return self._invocation("", (), self._words)

    def _add(self, state: str, what: str) -> None:
        self._checks.append(Check(state, what))

    def _found(self, name: str) -> str:
        found = shutil.which(name, path=self._environment.get("PATH"))
        if found is None and os.path.isfile(name) and "/" in name:
            found = name
        if found is None:
            raise UsageError(f"there is no command {name!r}")
        return found
