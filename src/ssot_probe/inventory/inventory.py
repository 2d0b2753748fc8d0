"""The inventory of a source tree: what its files declare, as records in the order of their writing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ssot_probe.inventory.cache import Cache
from ssot_probe.inventory.declared_imports import computed_imports, import_records
from ssot_probe.inventory.declared_makers import Makers
from ssot_probe.inventory.declared_names import binding_records, class_records, module_record
from ssot_probe.inventory.facts import Facts
from ssot_probe.inventory.hierarchy import Hierarchy
from ssot_probe.inventory.module_names import name_modules
from ssot_probe.inventory.places import Places
from ssot_probe.inventory.reading import Advance, read_files
from ssot_probe.inventory.references import references_in_file, references_in_source
from ssot_probe.inventory.resolution import Module, Names
from ssot_probe.inventory.run_sources import run_source_records
from ssot_probe.inventory.silent_uses import silent_use_records
from ssot_probe.inventory.tree import SOURCE, Tree
from ssot_probe.inventory.watched_sources import Digests, definition_records, source_records
from ssot_probe.model.policy import Policy, watched_paths
from ssot_probe.model.records import BlindRecord, ProcessRecord, Record
from ssot_probe.policy_json import policy_to_json


class Inventory(NamedTuple):
    """What a tree declares."""

    records: tuple[Record, ...]  # the last one says that it is complete
    sources: int  # Python files that were read, or tried
    others: int  # configuration files and pickles
    ignored: Mapping[str, int]  # why -> directories and files that were passed over
    note: str  # what there is to say of the cache


def take_inventory(
    tree: Tree,
    places: Places,
    policy: Policy,
    cache: Cache,
    time: int,
    processes: int = 1,
    advance: Advance = lambda size: None,
) -> Inventory:
    """Read a tree, without importing anything of it.

    Args:
        tree: the files.
        places: shortens their names.
        policy: goes into the inventory; its packages help to name modules, and what its watched paths define
            is told.
        cache: of what files say.
        time: of the inventory, nanoseconds since the epoch.
        processes: how many may read at once.
        advance: told the bytes of each file when it is done.
    """
    digests = Digests()
    read = read_files(tree.files, cache, processes, advance, digests.take)
    records = list(_records(tree, read, places, policy, digests.of, time))
    records.append(_last_record(policy, len(records), time))
    sources = sum(found.kind == SOURCE for found in tree.files)
    others = len(tree.files) - sources
    return Inventory(tuple(records), sources, others, dict(tree.ignored), cache.note)


def _records(
    tree: Tree,
    read: Mapping[str, Facts],
    places: Places,
    policy: Policy,
    digests: Mapping[str, str],
    time: int,
) -> Iterator[Record]:
    unreadable = [*tree.unreadable]
    unreadable += [(path, facts.unreadable) for path, facts in read.items() if facts.unreadable]
    for path, reason in sorted(unreadable):
        yield BlindRecord(subject=places.relative(path), reason=reason, time=time)
    names = _names(tree, read, places, policy)
    modules: Sequence[Module] = list(names.modules.values())
    hierarchy = Hierarchy(names)
    makers = Makers(names)
    watched = watched_paths(policy)
    for module in modules:
        if not module.facts.unreadable:
            yield module_record(module, time)
    for module in modules:
        yield from class_records(module, hierarchy, time)
        yield from binding_records(module, names, time)
        yield from import_records(module, names, time)
        yield from computed_imports(module, time)
        yield from makers.records(module, time)
        yield from references_in_source(module, names, time)
        yield from silent_use_records(watched, module, names, time)
        if watched:
            yield from run_source_records(module, time)
    for found in tree.files:
        if found.kind != SOURCE:
            file = places.relative(found.path)
            yield from references_in_file(file, found.kind, read[found.path], names, time)
    yield from source_records(modules, digests, time)
    yield from definition_records(watched, names, digests, time)


def _names(tree: Tree, read: Mapping[str, Facts], places: Places, policy: Policy) -> Names:
    """Return the modules of the tree; a file that could not be read is one too, of which nothing is known."""
    sources = {found.path: read[found.path] for found in tree.files if found.kind == SOURCE}
    named = name_modules(sources, places.directories, policy.packages)
    return Names(Module(one, places.relative(one.path), sources[one.path]) for one in named)


def _last_record(policy: Policy, emitted: int, time: int) -> ProcessRecord:
    return ProcessRecord(
        state="scanned",
        time=time,
        armed=time,
        python=".".join(str(part) for part in sys.version_info[:3]),
        packages=policy.packages,
        policy=policy_to_json(policy) if policy != Policy() else "",
        observers=("static",),
        user_key="",
        emitted=emitted,
        dropped=(),
    )


def name_of(path: str, places: Places) -> str:
    """Return a name for the inventory of a path, the same each time: of letters, digits and dashes."""
    top = os.path.abspath(path)
    shown = os.path.basename(top) if top in places.directories else places.relative(top)
    words = "".join(char if char.isalnum() or char == "_" else "-" for char in shown)
    return words.strip("-") or "tree"
