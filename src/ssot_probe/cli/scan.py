"""`ssot-probe scan`: what a source tree declares, without running it."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timezone
from time import time_ns

import click

from ssot_probe.cli.collection import without_collection
from ssot_probe.cli.output import write
from ssot_probe.errors import UsageError
from ssot_probe.inventory.cache import Cache
from ssot_probe.inventory.inventory import name_of, take_inventory
from ssot_probe.inventory.module_names import above_packages
from ssot_probe.inventory.places import Places
from ssot_probe.inventory.tree import SOURCE, find_tree
from ssot_probe.inventory.written import write_inventory
from ssot_probe.model.policy import Policy
from ssot_probe.policy_file import find_policy_file, read_policy
from ssot_probe.report import json_report, scan_text
from ssot_probe.report.progress import progress
from ssot_probe.report.scan_view import Taken, scan_view
from ssot_probe.settings import Settings, cache_directory, from_environment

WORTH_SHOWING = 4 * 1024 * 1024
"""Bytes of source from which on the reading takes long enough to be shown."""


@click.command(short_help="List what a source tree declares, without running it.")
@click.argument("path", default=".", metavar="[PATH]")
@click.option("--out", metavar="DIR", help="Where the inventory goes.  [default: ssot-probe-data]")
@click.option("--config", metavar="FILE", help="Policy file.  [default: the nearest from PATH upwards]")
@click.option(
    "--format",
    "format_name",
    default="text",
    show_default=True,
    type=click.Choice(("text", "json")),
    help="Shape of the summary.",
)
@click.option("--output", metavar="FILE", help="Write the summary to FILE instead of standard output.")
@click.option(
    "--exclude", multiple=True, metavar="GLOB", help="Pass over names or paths like this; repeatable."
)
@click.option("--no-cache", is_flag=True, help="Read every file again.")
@without_collection()
def command(
    path: str,
    out: str | None,
    config: str | None,
    format_name: str,
    output: str | None,
    exclude: tuple[str, ...],
    no_cache: bool,
) -> None:
    """Take an inventory of the source tree PATH: modules, classes, imports, makers, and names in strings.

    Nothing of it is imported or run. The inventory has the form of a recording and lies beside those of the
    running service, so that `ssot-probe report` reads both.
    """
    settings = from_environment(os.environ)
    tree = find_tree(_existing(path), exclude)
    if not any(found.kind == SOURCE for found in tree.files):
        ignored = ", ".join(f"{reason} {count}" for reason, count in sorted(tree.ignored.items()))
        raise UsageError(f"{path}: holds no Python file{f' (passed over: {ignored})' if ignored else ''}")
    source, policy = _policy(config, settings, tree.top)
    places = Places(source, os.getcwd(), above_packages(tree.top))
    cache = Cache("" if no_cache else cache_directory(os.environ))
    total = sum(found.size for found in tree.files)
    with progress(total, sys.stderr, "reading the source", WORTH_SHOWING) as advance:
        inventory = take_inventory(tree, places, policy, cache, time_ns(), os.cpu_count() or 1, advance)
    directory = os.path.abspath(out) if out else settings.directory
    try:
        file = write_inventory(inventory.records, directory, name_of(path, places))
    except OSError as error:
        raise UsageError(f"{directory}: the inventory cannot be written: {error.strerror}") from error
    taken = Taken(path, _shown(file), policy, source, datetime.now(timezone.utc))
    view = scan_view(inventory, taken)
    write(
        json_report.render(view) if format_name == "json" else scan_text.render(view),
        output,
        "The summary lies",
    )


def _existing(path: str) -> str:
    if not os.path.exists(path):
        raise UsageError(f"{path}: there is no such file or directory")
    return path


def _policy(config: str | None, settings: Settings, directory: str) -> tuple[str, Policy]:
    """Return the policy file, "" for none, and the policy."""
    source = config or settings.config or find_policy_file(directory)
    return (source, read_policy(source)) if source else ("", Policy())


def _shown(file: str) -> str:
    """Return the path as it is shorter to type: relative where it lies below the working directory."""
    relative = os.path.relpath(file)
    return file if relative.startswith(os.pardir) else relative
