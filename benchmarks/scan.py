"""What a scan of a source tree costs, cold and from its cache, beside parsing the same files alone."""

from __future__ import annotations

import ast
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.alone import Effort
from benchmarks.progress import Progress
from benchmarks.readings import Reading, at_most, spread_of
from ssot_probe.inventory.cache import Cache
from ssot_probe.inventory.inventory import take_inventory
from ssot_probe.inventory.places import Places
from ssot_probe.inventory.tree import Tree, find_tree
from ssot_probe.inventory.written import write_inventory
from ssot_probe.model.policy import Policy

GROUP = "scan of the standard library, one process"

COLD, WARM = at_most(6), at_most(3)


def measure(effort: Effort) -> list[Reading]:
    """Take the inventory of the standard library, with nothing remembered and with everything."""
    library = os.path.dirname(os.__file__)
    tree = find_tree(library, ("test", "tests", "idlelib", "lib2to3", "config-*"))
    parse, cold, warm = [], [], []
    with (
        TemporaryDirectory(prefix="ssot-probe-bench-") as directory,
        Progress(GROUP, effort.pairs) as progress,
    ):
        for number in range(effort.pairs):
            cache = os.path.join(directory, f"cache-{number}")
            parse.append(_parse(tree))
            cold.append(_scan(tree, library, cache, directory))
            warm.append(_scan(tree, library, cache, directory))
            progress.step()
    return [
        Reading(GROUP, "cold / parsing alone", spread_of(_ratios(cold, parse)), COLD),
        Reading(GROUP, "warm / parsing alone", spread_of(_ratios(warm, parse)), WARM),
    ]


def _parse(tree: Tree) -> float:
    started = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for found in tree.files:
            if found.path.endswith(".py"):
                ast.parse(Path(found.path).read_bytes())
    return perf_counter() - started


def _scan(tree: Tree, library: str, cache: str, out: str) -> float:
    started = perf_counter()
    inventory = take_inventory(tree, Places("", out, library), Policy(), Cache(cache), 1)
    write_inventory(inventory.records, out, "library")
    return perf_counter() - started


def _ratios(times: Sequence[float], to: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(times, to)]
