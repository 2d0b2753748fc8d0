"""The view model of an inventory: everything that `scan` shows, as plain values that JSON can hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ssot_probe.inventory.inventory import Inventory
from ssot_probe.model.concepts import infer_concepts, plays, plays_role
from ssot_probe.model.names import split
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import (
    RUN_SOURCE,
    SILENT,
    BlindRecord,
    ClassRecord,
    ImportRecord,
    MakeRecord,
    ModuleRecord,
    ReferenceRecord,
    Site,
)

SCHEMA = "ssot-probe/scan/1"
COMPUTED = "computed-import"

View = dict[str, Any]


class Taken(NamedTuple):
    """How an inventory was taken and where it lies."""

    path: str  # that was scanned, as the user wrote it
    file: str  # that holds the inventory
    policy: Policy
    policy_source: str  # "" where there is none
    at: datetime


def scan_view(inventory: Inventory, taken: Taken) -> View:
    """Return the view of an inventory; its shape is public, see `scan --format json`."""
    records = inventory.records
    classes = [record for record in records if isinstance(record, ClassRecord)]
    makes = [record for record in records if isinstance(record, MakeRecord)]
    references = [
        record
        for record in records
        if isinstance(record, ReferenceRecord) and record.kind not in (SILENT, RUN_SOURCE)
    ]
    modules = {record.module: record for record in records if isinstance(record, ModuleRecord)}
    imports = list(statements(record for record in records if isinstance(record, ImportRecord)))
    view: View = {
        "schema": SCHEMA,
        "generated_at": taken.at.isoformat(timespec="seconds"),
        "path": taken.path,
        "inventory": taken.file,
        "records": len(records),
        "policy": {"source": taken.policy_source},
        "ignored": dict(sorted(inventory.ignored.items())),
        "note": inventory.note,
        "files": sorted(record.file for record in modules.values()),
        "other_files": inventory.others,
        "modules": [{"module": one.module, "file": one.file} for one in modules.values()],
        "classes": [_class(record) for record in classes],
        "imports": [_import(record, modules) for record in imports],
        "makers": [_make(record) for record in makes if record.kind != "constructor"],
        "constructions": [_make(record) for record in makes if record.kind == "constructor"],
        "references": [_reference(record) for record in references],
        "unreadable": [
            {"file": record.subject, "reason": record.reason}
            for record in records
            if isinstance(record, BlindRecord)
        ],
        "concepts": [_concept(*found) for found in _concepts(taken.policy, classes, makes)],
    }
    view["counts"] = _counts(view)
    return view


def statements(records: Iterable[ImportRecord]) -> Iterator[ImportRecord]:
    """Yield one record for each import that is written: what it also fetches from a package has its own."""
    package: ImportRecord | None = None
    for record in records:
        if package is not None and not record.names and record.site == package.site:
            is_fetched = record.module in {f"{package.module}.{name}" for name in package.names}
            if is_fetched:
                continue
        package = record if record.names else None
        yield record


def kind_of_import(guard: str, at_load: bool) -> str:
    """Return when an import runs, in the words of the summary."""
    if guard == "type-checking":
        return "type_checking"
    if guard:
        return "guarded"
    return "at_load" if at_load else "in_functions"


def _counts(view: View) -> View:
    by_time = Counter(kind_of_import(one["guard"], one["at_load"]) for one in view["imports"])
    kinds = Counter(one["kind"] for one in view["references"])
    return {
        "files": len(view["files"]),
        "modules": len(view["modules"]),
        "classes": len(view["classes"]),
        "imports": len(view["imports"]),
        "imports_of_the_tree": sum(one["of_the_tree"] for one in view["imports"]),
        **{
            f"imports_{kind}": by_time[kind]
            for kind in ("at_load", "in_functions", "type_checking", "guarded")
        },
        "imports_computed": kinds.pop(COMPUTED, 0),
        "makers": len({one["maker"] for one in view["makers"]}),
        "constructions": len(view["constructions"]),
        "references": sum(kinds.values()),
        "references_by_kind": dict(sorted(kinds.items())),
        "unreadable": len(view["unreadable"]),
    }


def _concepts(
    policy: Policy, classes: Sequence[ClassRecord], makes: Sequence[MakeRecord]
) -> Iterator[tuple[Concept, list[ClassRecord], list[MakeRecord], int]]:
    """Yield the concepts, each with its classes, their makers, and how many places construct them."""
    concepts = policy.concepts or infer_concepts(record.name for record in classes)
    named: dict[str, list[int]] = defaultdict(list)
    heirs: dict[str, list[int]] = defaultdict(list)
    for position, record in enumerate(classes):
        named[record.name].append(position)
        for base in record.bases:
            heirs[base].append(position)
    made_of: dict[str, list[MakeRecord]] = defaultdict(list)
    for make in makes:
        made_of[make.cls].append(make)
    for concept in concepts:
        playing = [name for name in named if plays(concept, name)] if concept.declared else concept.classes
        positions = {position for name in playing for position in named[name]}
        positions.update(
            position
            for name in playing
            for position in heirs.get(name, ())
            # Without a policy an heir may have a role of its own instead.
            if concept.declared or not plays_role(split(classes[position].name)[1].rpartition(".")[2])
        )
        members = [classes[position] for position in sorted(positions)]
        made = [make for name in dict.fromkeys(one.name for one in members) for make in made_of[name]]
        makers = [make for make in made if make.kind != "constructor"]
        yield concept, members, makers, len(made) - len(makers)


def _concept(
    concept: Concept, members: Sequence[ClassRecord], makers: Sequence[MakeRecord], constructed: int
) -> View:
    return {
        "concept": concept.name,
        "declared": concept.declared,
        "classes": [_class(record) for record in members],
        "makers": [_make(record) for record in makers],
        "constructions": constructed,
    }


def _class(record: ClassRecord) -> View:
    return {
        "class": record.name,
        "file": record.file,
        "line": record.line,
        "bases": list(record.bases),
        "traits": list(record.traits),
        "methods": list(record.methods),
    }


def _import(record: ImportRecord, modules: dict[str, ModuleRecord]) -> View:
    return {
        "module": record.module,
        "names": list(record.names),
        "guard": record.guard,
        "at_load": record.at_load,
        "of_the_tree": record.module in modules,
        **_site(record.site),
    }


def _make(record: MakeRecord) -> View:
    place = record.site if record.kind == "constructor" else record.definition
    return {"maker": record.maker, "kind": record.kind, "class": record.cls, **_site(place)}


def _reference(record: ReferenceRecord) -> View:
    return {"target": record.target, "kind": record.kind, **_site(record.site)}


def _site(site: Site) -> View:
    return {"file": site.file, "line": site.line, "function": site.function}
