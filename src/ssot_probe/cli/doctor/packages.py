"""What the policy names, looked for in the files that would be imported: is it there, is it Python?"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from ssot_probe.cli.doctor.check import Check
from ssot_probe.cli.doctor.interpreter import Answer
from ssot_probe.cli.doctor.invocation import Invocation
from ssot_probe.model.policy import Policy
from ssot_probe.observe.paths.unheard import NOT_PYTHON

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
    return list(dict.fromkeys([*([script] if script else []), os.getcwd()]))


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


def _exists(module: str, answer: Answer) -> bool:
    """Is there a file for a module? Nothing is imported, so what a package makes at run time is not known."""
    top, *parts = module.split(".")
    _, places = answer.packages[top]
    if not parts:
        return True
    for position, part in enumerate(parts):
        is_last = position == len(parts) - 1
        if is_last and any(_has_file(place, part, answer.suffixes) for place in places):
            return True
        places = [path for place in places if os.path.isdir(path := os.path.join(place, part))]
    return bool(places)


def _has_file(place: str, name: str, suffixes: Sequence[str]) -> bool:
    return any(os.path.isfile(os.path.join(place, name + end)) for end in (".py", ".pyc", *suffixes))


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
