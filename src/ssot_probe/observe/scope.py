"""Decides which modules are first-party, from their name and file alone, and shortens file names."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from ssot_probe.model.names import is_vendored, is_within

LAUNCHERS = frozenset(
    {
        *("asgiref", "celery", "coverage", "daphne", "debugpy", "django", "fastapi", "fastapi_cli", "flask"),
        *("gevent", "granian", "gunicorn", "hypercorn", "ipykernel", "IPython", "opentelemetry", "pdb"),
        *("pytest", "_pytest", "rq", "runpy", "ssot_probe", "trio", "uvicorn", "uwsgi", "waitress"),
        *("cProfile", "profile", "unittest", "ddtrace", "newrelic", "dramatiq", "huey", "streamlit"),
    }
)
"""Packages that start somebody else's program: being run by `-m` does not make them first-party."""

_OPTIONS_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")
_SITE_DIRECTORIES = ("/site-packages/", "/dist-packages/")

_GENERATED = re.compile(
    r"<(string|stdin|unknown|console|template|generated|frozen [\w.]+|ipython-input-[\w-]+"
    r"|attrs generated [\w ]+[\w.-]*|makefun-gen-\d+|decorator-gen-\d+)>"
)
"""What the interpreter and common libraries call the files of code that has none."""


class Scope:
    """Which modules belong to the project.

    With declared packages the name decides. Without, a module is first-party when its file lies below one
    of the project's directories and is not an installed package; or when it belongs to the package that
    the process was started with.

    Args:
        packages: declared first-party packages; empty to infer.
        directories: directories of the project, absolute, the one that file names are relative to first.
        started: packages that the command line names, such as `chat` in `uvicorn chat.app:app`.
        declared: modules that the policy names: watched wherever they lie, though not first-party for that.
        learn_later: asked again and again for more directories and started packages, until it knows.
    """

    def __init__(
        self,
        packages: Sequence[str],
        directories: Sequence[str],
        started: Iterable[str] = (),
        declared: Iterable[str] = (),
        learn_later: Callable[[], tuple[Sequence[str], Sequence[str]] | None] | None = None,
    ) -> None:
        self.packages = tuple(packages)
        self.directories = tuple(_with_separator(directory) for directory in directories)
        self.started = tuple(started)
        self._declared = frozenset(declared)
        self._declared_packages = frozenset(module.partition(".")[0] for module in self._declared)
        self._learn_later = learn_later
        self._known_directories: dict[str, bool] = {}  # directory of a file -> is it the project's?
        self._standard = _with_separator(os.path.dirname(os.path.realpath(os.__file__)))
        self._own = _with_separator(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

    def could_hold(self, top_level: str) -> bool:
        """Could a module of this top-level package be watched? False is final, True is not."""
        if self._learn_later is not None:
            self._learn()
        if top_level in self._declared_packages:
            return True
        if self.packages:
            return any(package.partition(".")[0] == top_level for package in self.packages)
        if top_level in sys.stdlib_module_names:
            return self._hides_standard(top_level)
        return top_level != "ssot_probe"

    def _hides_standard(self, name: str) -> bool:
        """May a module of the project's stand before one of the standard library that has its name?"""
        for entry in sys.path:
            directory = _with_separator(os.path.abspath(entry))
            if directory.startswith(self.directories) and any(
                os.path.exists(directory + file) for file in (f"{name}.py", name)
            ):
                return True
        return False

    def watches(self, module: str, file: str | None) -> bool:
        """Is the module first-party, or named by the policy? `file` is None for a module without a file."""
        return module in self._declared or self.is_first_party(module, file)

    def is_settled(self, top_level: str) -> bool:
        """Is a package that is not watched itself without modules that are?"""
        return not self.packages and top_level not in self._declared_packages

    def _learn(self) -> None:
        learned = None if self._learn_later is None else self._learn_later()
        if learned is not None:
            directories, started = learned
            self._learn_later = None
            self.directories += tuple(_with_separator(directory) for directory in directories)
            self.started += tuple(started)
            self._known_directories.clear()

    def is_first_party(self, module: str, file: str | None) -> bool:
        """Is the module part of the project? `file` is None for a module without a file."""
        if module == "__main__":
            return file is not None and self.is_project_file(file)
        if self.packages:
            return any(is_within(module, package) for package in self.packages)
        if is_vendored(module):
            return False
        if any(is_within(module, package) for package in self.started):
            return True
        return file is not None and self.is_project_file(file)

    def is_project_file(self, file: str) -> bool:
        """Does the file lie in a directory of the project and not among installed packages?"""
        directory = os.path.dirname(file)
        known = self._known_directories.get(directory)
        if known is None:
            known = self._is_project_path(os.path.abspath(file).replace(os.sep, "/"))
            if os.path.isabs(directory):
                self._known_directories[directory] = known
        return known

    def _is_project_path(self, path: str) -> bool:
        if any(part in path for part in _SITE_DIRECTORIES) or path.startswith((self._standard, self._own)):
            return False
        return path.startswith(self.directories)

    def relative(self, file: str) -> str:
        """Return the file's name as reports show it: free of the directories above the project."""
        path = file.replace(os.sep, "/")
        for directory in self.directories:
            if path.startswith(directory):
                return path[len(directory) :]
        for part in _SITE_DIRECTORIES:
            if part in path:
                return path.rpartition(part)[2]
        if path.startswith(self._standard):
            return path[len(self._standard) :]
        if path.startswith("<"):  # whoever compiled it may have named it after anything
            return path if _GENERATED.fullmatch(path) else "<generated>"
        return path.rpartition("/")[2]


def project_directories(
    policy_file: str, script: str, environ: Mapping[str, str], working_directory: str
) -> list[str]:
    """Return the directories that the project's own code may lie in, nearest meaning first.

    These are the policy file's, the working directory, the started script's, and those on PYTHONPATH that
    hold no installed distributions.
    """
    found = [os.path.dirname(os.path.abspath(policy_file))] if policy_file else []
    found.append(working_directory)
    if script and not is_installed_script(script):
        found.append(os.path.dirname(os.path.abspath(script)))
    for entry in environ.get("PYTHONPATH", "").split(os.pathsep):
        if entry and os.path.isdir(entry) and not _holds_distributions(entry):
            found.append(os.path.abspath(entry))
    return list(dict.fromkeys(found))


def is_installed_script(script: str) -> bool:
    """Is this file a command that a package manager installed, rather than the project's own?"""
    directory = os.path.dirname(os.path.abspath(script))
    return directory == os.path.dirname(os.path.abspath(sys.executable)) or any(
        part in directory + "/" for part in _SITE_DIRECTORIES
    )


def is_started_by_multiprocessing(arguments: Sequence[str]) -> bool:
    """Is this the command line (`sys.orig_argv`) of a spawned process, or of the server that forks others?"""
    return "-c" in arguments and any("multiprocessing" in argument for argument in arguments)


def told_by_parent() -> tuple[list[str], list[str]] | None:
    """Return what a process that multiprocessing started was told of its parent: directories and packages.

    The child's own command line names nothing of the project. Some time after it has started, its parent's
    `sys.argv` comes through a pipe; None until then.
    """
    script = sys.argv[0] if sys.argv else ""
    if script in ("", "-c"):
        return None
    is_own = os.path.isfile(script) and not is_installed_script(script)
    directories = [os.path.dirname(os.path.abspath(script))] if is_own else []
    return directories, started_packages([sys.executable, *sys.argv])


def started_packages(arguments: Sequence[str]) -> list[str]:
    """Return the top-level packages that a command line (`sys.orig_argv`) names as the program to run.

    `python -m chat.server` and `uvicorn chat.app:app` both name `chat`; an installed command names the
    package that it imports its entry point from. Launchers themselves are left out.
    """
    found = []
    script = script_of(arguments)
    for position, argument in enumerate(arguments[1:], 1):
        module, colon, name = argument.partition(":")
        if arguments[position - 1] == "-m":
            found.append(argument)
        elif colon and _is_dotted(module) and _is_dotted(name.removesuffix("()")):
            found.append(module)
    if script and is_installed_script(script):
        found.extend(_entry_point_modules(script))
    return list(
        dict.fromkeys(
            top
            for top in (module.partition(".")[0] for module in found)
            if top not in LAUNCHERS and top not in sys.stdlib_module_names
        )
    )


def module_of(arguments: Sequence[str]) -> str:
    """Return the module that a command line (`sys.orig_argv`) runs by `-m`, "" where it runs none so."""
    for position, argument in enumerate(arguments[1:-1], 1):
        if argument == "-m":
            return arguments[position + 1]
        if not argument.startswith("-") and arguments[position - 1] not in _OPTIONS_WITH_VALUE:
            return ""
    return ""


def script_of(arguments: Sequence[str]) -> str:
    """Return the script that a command line (`sys.orig_argv`) runs, "" for `-m`, `-c` and the prompt."""
    position = 1
    while position < len(arguments):
        argument = arguments[position]
        if argument in _OPTIONS_WITH_VALUE:
            position += 2
        elif argument in ("-c", "-m", "-") or (argument.startswith("-") and argument[-1] in "cm"):
            return ""
        elif argument.startswith("-"):
            position += 1
        else:
            return argument
    return ""


def _entry_point_modules(script: str) -> list[str]:
    try:
        with open(script, encoding="utf-8") as file:
            lines = file.read(4096).splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [line.split()[1] for line in lines if line.startswith("from ") and len(line.split()) > 2]


def _is_dotted(text: str) -> bool:
    return bool(text) and all(part.isidentifier() for part in text.split("."))


def _holds_distributions(directory: str) -> bool:
    try:
        return any(entry.endswith(".dist-info") for entry in os.listdir(directory))
    except OSError:
        return True


def _with_separator(directory: str) -> str:
    return directory.replace(os.sep, "/").rstrip("/") + "/"
