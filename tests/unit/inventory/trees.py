"""Writes small source trees and takes their inventory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple, TypeVar

from ssot_probe.inventory.cache import Cache
from ssot_probe.inventory.facts import Facts
from ssot_probe.inventory.inventory import Inventory, take_inventory
from ssot_probe.inventory.module_names import above_packages
from ssot_probe.inventory.places import Places
from ssot_probe.inventory.source import read_source
from ssot_probe.inventory.tree import find_tree
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import (
    BindingRecord,
    BlindRecord,
    ClassRecord,
    ImportRecord,
    MakeRecord,
    ModuleRecord,
    Record,
    ReferenceRecord,
)

R = TypeVar("R", bound=Record)
INFERRED = Policy()
TIME = 1_700_000_000_000_000_000


class Scanned(NamedTuple):
    """An inventory, in the shapes that tests ask for."""

    inventory: Inventory

    def of(self, kind: type[R]) -> list[R]:
        return [record for record in self.inventory.records if isinstance(record, kind)]

    @property
    def modules(self) -> dict[str, str]:
        return {record.module: record.file for record in self.of(ModuleRecord)}

    @property
    def classes(self) -> dict[str, ClassRecord]:
        return {record.name: record for record in self.of(ClassRecord)}

    @property
    def bindings(self) -> set[tuple[str, str]]:
        """`module.attribute` and what it leads to."""
        return {(f"{one.module}.{one.attribute}", one.target) for one in self.of(BindingRecord)}

    @property
    def makers(self) -> set[tuple[str, str, str]]:
        makes = [record for record in self.of(MakeRecord) if record.kind != "constructor"]
        return {(record.maker, record.kind, record.cls) for record in makes}

    @property
    def constructions(self) -> list[tuple[str, str, int]]:
        makes = [record for record in self.of(MakeRecord) if record.kind == "constructor"]
        return [(record.cls, record.site.file, record.site.line) for record in makes]

    @property
    def imports(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(record.module, record.names) for record in self.of(ImportRecord)]

    @property
    def references(self) -> set[tuple[str, str, str, int]]:
        return {(one.target, one.kind, one.site.file, one.site.line) for one in self.of(ReferenceRecord)}

    @property
    def unread(self) -> dict[str, str]:
        return {record.subject: record.reason for record in self.of(BlindRecord)}


def write(directory: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else dedent(content).encode()
        path.write_bytes(data)
    return directory


def scan(directory: Path, files: Mapping[str, str | bytes], **arguments: Any) -> Scanned:
    """Write the files and take the inventory of all that is there."""
    return scan_path(write(directory, files), directory, **arguments)


def scan_path(
    path: Path,
    working_directory: Path,
    policy: Policy = INFERRED,
    cache: str = "",
    exclude: tuple[str, ...] = (),
) -> Scanned:
    tree = find_tree(str(path), exclude)
    places = Places("", str(working_directory), above_packages(tree.top))
    return Scanned(take_inventory(tree, places, policy, Cache(cache), TIME))


def facts_of(program: str) -> Facts:
    facts = read_source(dedent(program).encode())
    assert not facts.unreadable
    return facts
