"""What the policy names, looked for in the files that would be imported: is it there, is it Python?"""

from __future__ import annotations

import os
import tokenize
from collections.abc import Iterator, Sequence

from ssot_probe.cli.doctor.check import Check
from ssot_probe.cli.doctor.interpreter import Answer
from ssot_probe.cli.doctor.invocation import Invocation
from ssot_probe.cli.doctor.legacy_source import unheard_classes
from ssot_probe.cli.doctor.programs import values
from ssot_probe.model.policy import Policy
from ssot_probe.observe.paths.unheard import NOT_PYTHON, told

_DIRECTORY_OPTIONS = ("--chdir", "--workdir", "--app-dir", "--pythonpath")
"""Of servers: where they look for the application."""

MOST_FILES = 20_000
"""Of a package that are looked at."""


def asked_packages(policy: Policy) -> tuple[str, ...]:
    """Return the names of the packages that have to be found for the policy to mean something."""
    modules = [*policy.packages, *(module for module, _, _ in _named(policy))]
    return tuple(sorted({module.partition(".")[0] for module in modules if module}))


def search_path(invocation: Invocation) -> list[str]:
    """Return where a program's own packages lie beside what is installed: beside its file, and here.

    Servers such as gunicorn, uvicorn and Celery put the current directory on the path themselves.
    """
    words = invocation.words
    script = os.path.dirname(os.path.abspath(words[0])) if words and not words[0].startswith("-") else ""
    named = [os.path.abspath(place) for place in values(words, *_DIRECTORY_OPTIONS)]
    return list(dict.fromkeys([*([script] if script else []), os.getcwd(), *named]))


def checks_of(policy: Policy, answer: Answer) -> Iterator[Check]:
    """Say what of the policy's names is not there, and what of its packages cannot be seen."""
    missing = {name for name in asked_packages(policy) if name not in answer.packages}
    for package in policy.packages:
        if package.partition(".")[0] in missing:
            yield Check("blind", f"package {package} is not found there: nothing of it would be first-party")
    for module, text, state in _named(policy):
        top = module.partition(".")[0]
        if top in missing or (top in answer.packages and not _exists(module, answer)):
            yield Check(state, f"{text}: there is no module {module}")
    for package in policy.packages:
        if package in answer.packages:
            yield from _compiled(package, answer)
    for concept in policy.concepts:
        for name in concept.legacy:
            yield from _unheard(name, answer)


def _named(policy: Policy) -> Iterator[tuple[str, str, str]]:
    """Yield each module that the policy names, with words for what it is, and the state of its absence."""
    for source in policy.user:
        if source.kind in ("contextvar", "call"):
            yield source.target.partition(":")[0], f"user source {source.target}", "blind"
    for concept in policy.concepts:
        for name, what in (
            (concept.canonical, "canonical"),
            *((each, "factory") for each in concept.factories),
        ):
            if name and "*" not in name:
                yield name.partition(":")[0], f"{what} {name} of {concept.name}", "blind"
        for name in concept.legacy:
            if "*" not in name:
                yield name.partition(":")[0], f"legacy {name} of {concept.name}", "note"
    for name in policy.dead.entry_points:
        yield name.partition(":")[0], f"entry point {name}", "blind"


def _unheard(name: str, answer: Answer) -> Iterator[Check]:
    module, _, qualname = name.partition(":")
    file = _file_of(module, answer)
    if file.endswith(".py"):
        try:
            with tokenize.open(file) as source:
                found = unheard_classes(source.read(), qualname)
        except (OSError, SyntaxError, UnicodeDecodeError):
            return
        if found:
            yield Check("blind", f"calls of some of {name} cannot be heard: {told(found)}")


def _exists(module: str, answer: Answer) -> bool:
    """Is there a file or a directory for a module? What a package makes at run time is not known."""
    top, *parts = module.split(".")
    _, places = answer.packages[top]
    for part in parts[:-1]:
        places = _below(places, part)
    return not parts or bool(_file_of(module, answer) or _below(places, parts[-1]))


def _file_of(module: str, answer: Answer) -> str:
    """Return the file of a module, "" where there is none. Nothing is imported."""
    top, *parts = module.split(".")
    origin, places = answer.packages.get(top, ("", []))
    if not parts:
        return origin
    for part in parts[:-1]:
        places = _below(places, part)
    stems = [os.path.join(place, parts[-1]) for place in places]
    ends = (*answer.suffixes, ".py", ".pyc")
    paths = [
        *(os.path.join(stem, "__init__.py") for stem in stems),
        *(stem + end for stem in stems for end in ends),
    ]
    return next(filter(os.path.isfile, paths), "")


def _below(places: Sequence[str], name: str) -> list[str]:
    return [path for place in places if os.path.isdir(path := os.path.join(place, name))]


def _compiled(package: str, answer: Answer) -> Iterator[Check]:
    origin, places = answer.packages[package]
    compiled, sourceless, seen = [], [], 0
    if origin.endswith(answer.suffixes):
        compiled.append(origin)
    for place in places:
        for directory, folders, files in os.walk(place):
            folders[:] = [name for name in folders if name != "__pycache__"]
            seen += len(files)
            if seen > MOST_FILES:
                break
            compiled += [os.path.join(directory, name) for name in files if name.endswith(answer.suffixes)]
            sources = {name[:-3] for name in files if name.endswith(".py")}
            sourceless += [
                os.path.join(directory, name)
                for name in files
                if name.endswith(".pyc") and name[:-4] not in sources
            ]
    if compiled:
        yield Check("blind", f"{_listed(compiled)}: {NOT_PYTHON}: what happens inside is not seen")
    if sourceless:
        yield Check("note", f"{_listed(sourceless)}: there is no source, so changes of it are not noticed")


def _listed(files: Sequence[str]) -> str:
    shown = ", ".join(sorted(os.path.relpath(file) for file in files)[:3])
    return f"{shown} and {len(files) - 3} more" if len(files) > 3 else shown
