"""Records of what modules import, define and bind, and of what is used of watched paths, as spans."""

from __future__ import annotations

from ssot_probe.model.code_records import (
    BindingRecord,
    ClassRecord,
    CycleRecord,
    ImportRecord,
    ReferenceRecord,
)
from ssot_probe.model.path_records import (
    PathUseRecord,
)
from ssot_probe.wire.shape import Shape

CODE_SHAPES = (
    Shape(
        "ssot.import",
        ImportRecord,
        {
            "module": "ssot.import.name",
            "names": "ssot.import.fetched",
            "outcome": "ssot.import.outcome",
            "origin": "ssot.import.origin",
            "guard": "ssot.import.guard",
            "at_load": "ssot.import.at_load",
            "thread": "thread.name",
            "count": "ssot.count",
        },
        ("first", "last"),
    ),
    Shape(
        "ssot.import.cycle",
        CycleRecord,
        {
            "module": "ssot.import.name",
            "names": "ssot.import.fetched",
            "outcome": "ssot.import.outcome",
            "importers": "ssot.cycle.importers",
            "modules": "ssot.cycle.modules",
            "places": "ssot.cycle.places",
            "thread": "thread.name",
        },
    ),
    Shape(
        "ssot.class",
        ClassRecord,
        {
            "name": "ssot.class.name",
            "serial": "ssot.class.serial",
            "file": "ssot.class.file",
            "line": "ssot.class.line",
            "bases": "ssot.class.bases",
            "traits": "ssot.class.traits",
            "methods": "ssot.class.methods",
        },
    ),
    Shape(
        "ssot.binding",
        BindingRecord,
        {
            "module": "ssot.binding.module",
            "attribute": "ssot.binding.attribute",
            "kind": "ssot.binding.kind",
            "target": "ssot.binding.target",
            "serial": "ssot.class.serial",
        },
    ),
    Shape(
        "ssot.reference",
        ReferenceRecord,
        {"target": "ssot.reference.target", "kind": "ssot.reference.kind"},
    ),
    Shape(
        "ssot.path.use",
        PathUseRecord,
        {
            "path": "ssot.path.name",
            "rung": "ssot.path.rung",
            "subject": "ssot.path.subject",
            "through": "ssot.path.through",
            "origin": "ssot.path.origin",
            "by_user": "ssot.path.by_user",
            "thread": "thread.name",
            "count": "ssot.count",
            "is_at_least": "ssot.path.at_least",
            "digest": "ssot.path.digest",
        },
        ("first", "last"),
    ),
)
