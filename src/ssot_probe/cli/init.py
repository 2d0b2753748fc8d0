"""`ssot-probe init`: a starting policy, inferred from the source tree or from a recording."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from time import time_ns
from typing import NamedTuple

import click

from ssot_probe.analysis.inference.proposal import ConceptProposal, Proposal, propose
from ssot_probe.analysis.load import load
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.sources import find_files
from ssot_probe.analysis.wording import listing, number
from ssot_probe.errors import UsageError
from ssot_probe.inventory.cache import Cache
from ssot_probe.inventory.context_variables import context_variables
from ssot_probe.inventory.inventory import take_inventory
from ssot_probe.inventory.module_names import above_packages
from ssot_probe.inventory.places import Places
from ssot_probe.inventory.tree import SOURCE, Tree, find_tree
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import Record
from ssot_probe.policy_file import OWN_NAME, SHARED_NAME
from ssot_probe.report.policy_text import render
from ssot_probe.report.progress import progress
from ssot_probe.report.sanitize import clean
from ssot_probe.settings import cache_directory

STANDARD_OUTPUT = "-"
READING = "reading the source"
WORTH_SHOWING = 4 * 1024 * 1024  # bytes of source
OF_RECORDINGS = (
    "It holds what ran, and of its classes those that played a concept when it was recorded: the source tree "
    "tells more."
)
MOST_LINES = 8
"""Of concepts in what is said on the terminal; the file has them all."""


class Source(NamedTuple):
    """What a policy is inferred from."""

    recording: Recording
    context_variables: Sequence[str]
    what: str  # in words, without a path
    remark: str = ""  # what to know of it


@click.command(short_help="Write a starting policy, inferred from the source tree or from a recording.")
@click.option("--from", "source", metavar="DIR", help="A source tree, or a recording.  [this directory]")
@click.option("--output", metavar="FILE", help=f"Where it goes; - shows it.  [{OWN_NAME} in the tree]")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(source: str | None, output: str | None, force: bool) -> int:
    """Write a starting policy: packages, concepts, their canonical classes, factories and legacy paths.

    Nothing of the tree is run or imported. Every line has its reason; what is doubtful is commented out.
    """
    source = source or os.curdir
    tree = _tree(source)
    target = _target(tree, source, output)
    if target != STANDARD_OUTPUT and not force and os.path.lexists(target):
        raise UsageError(f"{target} is there already; --force replaces it, --output FILE writes another")
    read = _read(tree, source)
    proposal = propose(read.recording, read.context_variables)
    text = render(proposal, read.what, read.remark)
    if target == STANDARD_OUTPUT:
        click.echo(text, nl=False)
        return 0
    _write(target, text, force)
    for line in _summary(proposal, read.what, target):
        click.echo(clean(line))
    return 0


def _tree(source: str) -> Tree | None:
    """Return the source tree, None for a recording."""
    if os.path.isfile(source) or "://" in source:
        return None
    if not os.path.isdir(source):
        raise UsageError(f"--from {source}: there is no such directory")
    tree = find_tree(source)
    if any(found.kind == SOURCE for found in tree.files):
        return tree
    if not find_files([source]):
        raise UsageError(f"--from {source}: holds no Python file and no recording")
    return None


def _target(tree: Tree | None, source: str, output: str | None) -> str:
    if output is not None:
        return output
    # A recording is no place for a policy: that belongs where the service is started from.
    return OWN_NAME if tree is None else os.path.normpath(os.path.join(source, OWN_NAME))


def _read(tree: Tree | None, source: str) -> Source:
    if tree is None:
        return Source(load([source]), (), "a recording", OF_RECORDINGS)
    records, context_variables = _records_of(tree)
    recording = Recording(("tree", record) for record in records)
    return Source(recording, context_variables, "the source tree")


def _records_of(tree: Tree) -> tuple[Sequence[Record], Sequence[str]]:
    """Return what the files of a tree declare, and the qualified names of its ContextVars."""
    top = above_packages(tree.top)
    places = Places("", top, top)  # the file must read the same wherever it is written from
    cache = Cache(cache_directory(os.environ))
    with progress(sum(found.size for found in tree.files), sys.stderr, READING, WORTH_SHOWING) as advance:
        taken = take_inventory(tree, places, Policy(), cache, time_ns(), os.cpu_count() or 1, advance)
    return taken.records, context_variables(tree, places, taken.records)


def _write(target: str, text: str, force: bool) -> None:
    try:
        with open(target, "w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{target} is there already; --force replaces it") from error
    except OSError as error:
        raise UsageError(f"{target}: cannot be written: {error.strerror}") from error


def _summary(proposal: Proposal, what: str, target: str) -> Iterator[str]:
    """Say in some lines what was found, and what comes next."""
    packages = f" of {listing(proposal.packages)}" if proposal.packages else ""
    figures = proposal.figures
    yield (
        f"Read {what}: {number(figures.modules, 'module')}{packages}, {number(figures.classes, 'class')}, "
        f"{number(figures.imports, 'import')}."
    )
    if not proposal.concepts:
        yield "No concept was found that is worth watching; the file says how to declare one."
    for concept in proposal.concepts[:MOST_LINES]:
        yield f"  {_line(concept)}"
    more = len(proposal.concepts) - MOST_LINES
    if more > 0:
        yield f"  and {more} more"
    yield f"Written to {target}. Read it before you trust it: every line is a guess with its reason."
    shadowed = _shadowed(target)
    if shadowed:
        yield f"Beside it, {shadowed} holds a policy too, which is no longer read."
    yield "Next:"
    yield "  ssot-probe run -- COMMAND         # your service, for a while"
    yield "  ssot-probe report ssot-probe-data"


def _line(concept: ConceptProposal) -> str:
    name = concept.group.name
    kept = f"; canonical: {concept.canonical.path}" if concept.canonical.path else ""
    return f"{name}: {listing(concept.reasons)}{kept}"


def _shadowed(target: str) -> str:
    directory = os.path.dirname(os.path.abspath(target))
    if os.path.basename(target) != OWN_NAME:
        return ""
    shared = os.path.join(directory, SHARED_NAME)
    try:
        with open(shared, "rb") as file:
            return SHARED_NAME if b"[tool.ssot_probe" in file.read() else ""
    except OSError:
        return ""
