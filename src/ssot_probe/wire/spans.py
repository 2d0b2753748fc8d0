"""Records to spans and back: one table says which field of which record is which attribute."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from ssot_probe.model.path_records import PathUseRecord
from ssot_probe.model.records import (
    NOWHERE,
    AccessRecord,
    BindingRecord,
    BlindRecord,
    BoundaryRecord,
    ClassRecord,
    ContextRecord,
    CycleRecord,
    HandoverRecord,
    HolderRecord,
    ImportRecord,
    LookRecord,
    MakeRecord,
    ModuleRecord,
    OverlapRecord,
    PoolRecord,
    PopulationRecord,
    ProcessRecord,
    RaceRecord,
    Record,
    ReferenceRecord,
    SharedObjectRecord,
    SharingRecord,
    Site,
    ThreadRecord,
    UserSourceRecord,
)
from ssot_probe.wire.otlp_json import AttributeValue, SpanData
from ssot_probe.wire.packed import PACKED, PACKED_SPANS, packed_spans, read_packed
from ssot_probe.wire.registry import SCOPE

Ids = tuple[str, str]

_MODULES = "ssot.modules"

_SITE = {
    "file": "code.file.path",
    "line": "code.line.number",
    "function": "code.function.name",
    "module": "ssot.site.module",
}
_DEFINITION = {"file": "ssot.maker.file", "line": "ssot.maker.line"}
_DEFINED = {
    "file": "ssot.definition.file",
    "line": "ssot.definition.line",
    "function": "ssot.definition.function",
    "module": "ssot.definition.module",
}
_RELEASED = {
    "file": "ssot.residue.file",
    "line": "ssot.residue.line",
    "function": "ssot.residue.function",
    "module": "ssot.residue.module",
}
_CLASS = {"cls": "ssot.class.name", "serial": "ssot.class.serial"}
_INSTANCE = {"instance": "ssot.instance.id", "cls": "ssot.instance.type"}
_ACTOR = {"thread": "thread.name", "task": "ssot.task.name"}
_TWO_CALLS = {
    "threads": "ssot.calls.threads",
    "tasks": "ssot.calls.tasks",
    "places": "ssot.calls.places",
    "entered": "ssot.calls.entered_at",
}
_REQUEST = {"request": "ssot.request.trace_id", "request_span": "ssot.request.span_id"}


class _Shape(NamedTuple):
    span: str
    record: Callable[..., Any]
    fields: dict[str, str]  # field -> attribute
    times: tuple[str, str] = ("time", "time")  # fields that are the span's start and end
    finding: tuple[str, str] = ("", "")  # its code and kind, where the probe judges such records


_SHAPES: dict[type, _Shape] = {
    ProcessRecord: _Shape(
        "ssot.probe.process",
        ProcessRecord,
        {
            "state": "ssot.process.state",
            "armed": "ssot.process.armed_at",
            "python": "process.runtime.version",
            "packages": "ssot.process.packages",
            "policy": "ssot.process.policy",
            "observers": "ssot.process.observers",
            "user_key": "ssot.process.user_key",
            "emitted": "ssot.process.emitted",
            "dropped": "ssot.process.dropped",
            "parent": "ssot.process.parent",
            "control": "ssot.process.control",
            "closed": "ssot.process.closed",
            "directory": "ssot.process.directory",
            "number": "ssot.process.number",
            "listed": "ssot.process.listed",
        },
    ),
    ImportRecord: _Shape(
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
    CycleRecord: _Shape(
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
    ClassRecord: _Shape(
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
    BindingRecord: _Shape(
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
    MakeRecord: _Shape(
        "ssot.make",
        MakeRecord,
        {
            "maker": "ssot.maker.name",
            "kind": "ssot.maker.kind",
            "outcome": "ssot.maker.outcome",
            **_CLASS,
            "chain": "ssot.maker.chain",
            "origin": "ssot.maker.origin",
            "born": "ssot.maker.born",
            "callers": "ssot.maker.callers",
            "calls": "ssot.maker.calls",
            "found": "ssot.maker.found",
            **_ACTOR,
            "count": "ssot.count",
            "unattributed": "ssot.unattributed.count",
        },
        ("first", "last"),
    ),
    AccessRecord: _Shape(
        "ssot.instance.access",
        AccessRecord,
        {
            **_INSTANCE,
            "concept": "ssot.concept.name",
            "maker": "ssot.maker.name",
            "outcome": "ssot.maker.outcome",
            "user": "user.hash",
            **_ACTOR,
            "request": "ssot.request.trace_id",
        },
    ),
    SharingRecord: _Shape(
        "ssot.finding",
        SharingRecord,
        {
            **_INSTANCE,
            "concept": "ssot.concept.name",
            "users": "ssot.instance.user.hashes",
            "user_count": "ssot.instance.user.count",
            "severity": "ssot.finding.severity",
            **_REQUEST,
        },
        finding=("SSOT301", "cross_user_shared_instance"),
    ),
    ThreadRecord: _Shape(
        "ssot.instance.thread",
        ThreadRecord,
        {
            **_INSTANCE,
            "concept": "ssot.concept.name",
            "maker": "ssot.maker.name",
            "outcome": "ssot.maker.outcome",
            "user": "user.hash",
            "number": "ssot.thread.serial",
            **_ACTOR,
            "is_job": "ssot.thread.is_job",
            "beside": "ssot.thread.beside",
        },
    ),
    OverlapRecord: _Shape(
        "ssot.finding",
        OverlapRecord,
        {
            **_INSTANCE,
            "concept": "ssot.concept.name",
            "methods": "ssot.calls.methods",
            "users": "ssot.instance.user.hashes",
            **_TWO_CALLS,
            "until": "ssot.overlap.until",
            "severity": "ssot.finding.severity",
            "count": "ssot.count",
            **_REQUEST,
        },
        finding=("SSOT306", "concurrent_use"),
    ),
    RaceRecord: _Shape(
        "ssot.finding",
        RaceRecord,
        {
            "maker": "ssot.maker.name",
            "kind": "ssot.maker.kind",
            "concept": "ssot.concept.name",
            "cls": "ssot.instance.type",
            "user": "user.hash",
            "instances": "ssot.race.instances",
            **_TWO_CALLS,
            "left": "ssot.race.left_at",
            "kept": "ssot.race.kept",
            "slot": "ssot.race.slot",
            "severity": "ssot.finding.severity",
            "count": "ssot.count",
            **_REQUEST,
        },
        finding=("SSOT205", "factory_race"),
    ),
    SharedObjectRecord: _Shape(
        "ssot.shared",
        SharedObjectRecord,
        {
            "type": "ssot.shared.type",
            "verdict": "ssot.shared.verdict",
            "concepts": "ssot.shared.concepts",
            "classes": "ssot.shared.classes",
            "users": "ssot.shared.user.hashes",
            "user_count": "ssot.shared.user.count",
            "data_of": "ssot.shared.data.count",
            "instances": "ssot.shared.instances",
            "paths": "ssot.shared.paths",
            "holder": "ssot.shared.holder",
            "objects": "ssot.shared.objects",
            "drawing": "ssot.shared.drawing",
            "data_at": "ssot.shared.data.path",
            "severity": "ssot.finding.severity",
            "count": "ssot.count",
        },
        finding=("SSOT303", "cross_user_reference"),
    ),
    LookRecord: _Shape(
        "ssot.look",
        LookRecord,
        {
            "trigger": "ssot.look.trigger",
            "stopped": "ssot.look.stopped",
            "roots": "ssot.look.roots",
            "owners": "ssot.look.owners",
            "objects": "ssot.look.objects",
            "slices": "ssot.look.slices",
            "longest_slice": "ssot.look.longest_slice",
            "duration": "ssot.look.duration",
            "users": "ssot.look.user.count",
            "users_seen": "ssot.look.user.seen",
            "count": "ssot.count",
        },
    ),
    BoundaryRecord: _Shape(
        "ssot.boundary",
        BoundaryRecord,
        {
            "code": "ssot.boundary.code",
            "subject": "ssot.boundary.subject",
            "concept": "ssot.concept.name",
            "labels": "ssot.boundary.labels",
            "unlabelled": "ssot.boundary.unlabelled",
            "severity": "ssot.finding.severity",
        },
        finding=("SSOT305", "boundary_crossing"),
    ),
    HolderRecord: _Shape("ssot.holder", HolderRecord, {**_INSTANCE, "path": "ssot.holder.path"}),
    ContextRecord: _Shape(
        "ssot.finding",
        ContextRecord,
        {
            "moment": "ssot.context.moment",
            "carrier": "ssot.context.carrier",
            "said_by": "ssot.context.said_by",
            "carried": "ssot.context.user.hash",
            "user": "user.hash",
            "pairs": "ssot.context.pairs",
            "concept": "ssot.concept.name",
            "cls": "ssot.instance.type",
            "maker": "ssot.maker.name",
            "since": "ssot.context.since",
            **_ACTOR,
            "severity": "ssot.finding.severity",
            "count": "ssot.count",
            **_REQUEST,
        },
        ("first", "last"),
        ("SSOT304", "stale_context"),
    ),
    PopulationRecord: _Shape(
        "ssot.population",
        PopulationRecord,
        {
            "concept": "ssot.concept.name",
            "cls": "ssot.instance.type",
            "maker": "ssot.maker.name",
            "made": "ssot.population.made",
            "gone": "ssot.population.released",
            "alive": "ssot.population.alive",
            "evicted": "ssot.population.evicted",
            "alive_then": "ssot.population.alive_then",
            "orphans": "ssot.population.orphans",
            "orphan_users": "ssot.population.users",
            "orphans_earlier": "ssot.population.earlier",
            "oldest": "ssot.population.oldest",
            "median": "ssot.population.median",
            "is_collected": "ssot.population.collected",
            "pause": "ssot.population.pause",
            "instance": "ssot.instance.id",
            "held": "ssot.population.held",
            "bound": "ssot.population.bound",
        },
    ),
    PoolRecord: _Shape(
        "ssot.pool",
        PoolRecord,
        {
            "pool": "ssot.pool.name",
            "acquire": "ssot.maker.name",
            "cls": "ssot.instance.type",
            "count": "ssot.count",
            "unattributed": "ssot.unattributed.count",
            "handovers": "ssot.pool.handovers",
            "unclean": "ssot.pool.unclean",
        },
    ),
    HandoverRecord: _Shape(
        "ssot.finding",
        HandoverRecord,
        {
            **_INSTANCE,
            "pool": "ssot.pool.name",
            "acquire": "ssot.maker.name",
            "residue": "ssot.residue.kind",
            "unread": "ssot.residue.unread",
            "interruption": "ssot.residue.interruption",
            "given_back_thread": "ssot.residue.thread",
            "given_back_task": "ssot.residue.task",
            "users": "ssot.instance.user.hashes",
            "severity": "ssot.finding.severity",
            **_ACTOR,
            **_REQUEST,
        },
        finding=("SSOT301", "unclean_handover"),
    ),
    ReferenceRecord: _Shape(
        "ssot.reference",
        ReferenceRecord,
        {"target": "ssot.reference.target", "kind": "ssot.reference.kind"},
    ),
    UserSourceRecord: _Shape(
        "ssot.user_source",
        UserSourceRecord,
        {
            "source": "ssot.user_source.name",
            "kind": "ssot.user_source.kind",
            "state": "ssot.user_source.state",
        },
    ),
    PathUseRecord: _Shape(
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
    BlindRecord: _Shape(
        "ssot.blind", BlindRecord, {"subject": "ssot.blind.subject", "reason": "ssot.blind.reason"}
    ),
}
_FINDING = "ssot.finding"
"""The span of a record that the probe has judged to be a finding; a sharing is one always."""

_SHAPE_OF_SPAN = {shape.span: shape for shape in _SHAPES.values()}
_SHAPE_OF_KIND = {shape.finding[1]: shape for shape in _SHAPES.values() if shape.finding[1]}


IDS_DRAWN = 32
"""Pairs of ids that are made of one draw of random bytes."""

MODULES_PER_SPAN = 500
"""Modules that one span tells of: a span for each would cost more than loading it."""


def to_spans(records: Iterable[Record]) -> list[SpanData]:
    """Return the spans that carry the records: one for each, but for those that come in numbers."""
    spans = []
    ids = many_random_ids()
    modules: dict[tuple[bool, bool], list[ModuleRecord]] = {}
    packed: dict[type, list[Record]] = {}
    for record in records:
        if type(record) is ModuleRecord:
            modules.setdefault((record.preloaded, record.watched), []).append(record)
        elif type(record) in PACKED:
            packed.setdefault(type(record), []).append(record)
        else:
            spans.append(to_span(record, next(ids)))
    for group in modules.values():
        for start in range(0, len(group), MODULES_PER_SPAN):
            spans.append(_modules_span(group[start : start + MODULES_PER_SPAN]))
    for alike in packed.values():
        spans.extend(packed_spans(alike, ids))
    return spans


def to_span(record: Record, ids: Ids | None = None) -> SpanData:
    """Return the span that carries a record of any kind but a module, with random ids where none are given.

    An access has the same ids wherever it is encoded, so that a finding can link to it before and after it
    is sent, and a file that is read twice adds nothing. All other ids are random.
    """
    shape = _SHAPES[type(record)]
    values = record._asdict()
    attributes: dict[str, AttributeValue] = {
        attribute: values[field] for field, attribute in shape.fields.items() if values[field] not in ("", ())
    }
    site, definition = values.get("site", NOWHERE), values.get("definition", NOWHERE)
    _put_site(attributes, site, _SITE)
    _put_site(attributes, definition, _DEFINITION)
    _put_site(attributes, values.get("given_back", NOWHERE), _RELEASED)
    _put_site(attributes, values.get("defined", NOWHERE), _DEFINED)
    trace_id, span_id = ids or random_ids()
    links: tuple[Ids, ...] = ()
    name = shape.span
    if shape.finding[0] and (name == _FINDING or values["severity"]):
        name = _FINDING
        attributes["ssot.finding.code"], attributes["ssot.finding.kind"] = shape.finding
    if isinstance(record, AccessRecord):
        trace_id, span_id = access_ids(record.instance, record.user)
    elif isinstance(record, SharingRecord):
        links = tuple(access_ids(record.instance, user) for user in record.users)
        if record.request and record.request_span:
            links = (*links, (record.request, record.request_span))
    elif values.get("request") and values.get("request_span"):
        links = ((values["request"], values["request_span"]),)
    error = name == _FINDING and values["severity"] == "error"
    start, end = (values[field] for field in shape.times)
    return SpanData(name, start, end, attributes, trace_id, span_id, links, error)


def from_span(span: SpanData) -> tuple[Record, ...]:
    """Return the records that a span carries; none where the span is not the probe's.

    Raises:
        ValueError: a span of the probe's that lacks what its record needs.
    """
    if span.scope != SCOPE:
        return ()
    if span.name == _MODULES:
        return _read_modules(span)
    if span.name in PACKED_SPANS:
        return read_packed(span)
    shape = _SHAPE_OF_SPAN.get(span.name)
    if span.name == _FINDING:
        shape = _SHAPE_OF_KIND.get(str(span.attributes.get("ssot.finding.kind", "")))
    if shape is None:
        raise ValueError(f"span {span.name!r} is not of a kind that this version knows")
    values: dict[str, Any] = {}
    record_type = shape.record
    attributes = span.attributes
    fields, sites = _plan(shape.record)
    for field, attribute, default, kind in fields:
        value = attributes.get(attribute, default)
        if type(value) is not kind:
            raise ValueError(f"span {span.name!r}: attribute {attribute} is {value!r}")
        values[field] = value
    for field, names in sites:
        values[field] = _read_site(attributes, names)
    values[shape.times[0]] = span.start
    values[shape.times[1]] = span.end
    record: Record = record_type(**values)
    return (record,)


def random_ids() -> Ids:
    """Return a fresh trace id and span id, hex."""
    digits = os.urandom(24).hex()
    return digits[:32], digits[32:]


def many_random_ids() -> Iterator[Ids]:
    """Yield fresh ids without end.

    Asking the system for random bytes lets go of the interpreter's lock, and a busy service may hand it back
    only milliseconds later: so many are asked for at once.
    """
    while True:
        digits = os.urandom(24 * IDS_DRAWN).hex()
        for start in range(0, len(digits), 48):
            yield digits[start : start + 32], digits[start + 32 : start + 48]


def access_ids(instance: str, user: str) -> Ids:
    """Return the trace id and span id of a user's first access to an instance, hex."""
    from hashlib import blake2b

    digits = blake2b(f"{instance}\0{user}".encode(), digest_size=24).hexdigest()
    return digits[:32], digits[32:]


def _modules_span(modules: Sequence[ModuleRecord]) -> SpanData:
    trace_id, span_id = random_ids()
    attributes: dict[str, AttributeValue] = {
        "ssot.module.names": tuple(record.module for record in modules),
        "ssot.module.files": tuple(record.file for record in modules),
        "ssot.module.importers": tuple(record.importer for record in modules),
        "ssot.module.preloaded": modules[0].preloaded,
        "ssot.module.watched": modules[0].watched,
    }
    times = [record.time for record in modules]
    return SpanData(_MODULES, min(times), max(times), attributes, trace_id, span_id, records=len(modules))


def _read_modules(span: SpanData) -> tuple[Record, ...]:
    lists = [span.attributes.get(f"ssot.module.{name}", ()) for name in ("names", "files", "importers")]
    names, files, importers = (value if isinstance(value, tuple) else () for value in lists)
    if not len(names) == len(files) == len(importers):
        raise ValueError(f"span {span.name!r}: its lists differ in length")
    preloaded, watched = (
        span.attributes.get(f"ssot.module.{name}") is True for name in ("preloaded", "watched")
    )
    return tuple(
        ModuleRecord(name, file, importer, preloaded, span.start, watched)
        for name, file, importer in zip(names, files, importers)
    )


_SITES = {"site": _SITE, "definition": _DEFINITION, "given_back": _RELEASED, "defined": _DEFINED}

_Fields = tuple[tuple[str, str, Any, type], ...]  # field, attribute, value where that is missing, its type
_Places = tuple[tuple[str, dict[str, str]], ...]


@cache
def _plan(record_type: Callable[..., Any]) -> tuple[_Fields, _Places]:
    """Return how the fields of a record are read, and its places."""
    defaults = _empty_values(record_type)
    fields = _SHAPES[record_type].fields.items()  # type: ignore[index]  # a record is a class
    return (
        tuple((field, attribute, defaults[field], type(defaults[field])) for field, attribute in fields),
        tuple((field, names) for field, names in _SITES.items() if field in defaults),
    )


def _empty_values(record_type: Callable[..., Any]) -> dict[str, Any]:
    empty = {"str": "", "int": 0, "bool": False, "tuple[str, ...]": (), "Site": NOWHERE}
    return {field: empty[kind] for field, kind in _annotations(record_type).items()}


def _annotations(record_type: Callable[..., Any]) -> dict[str, str]:
    return {
        field: str(getattr(kind, "__forward_arg__", kind))
        for field, kind in record_type.__annotations__.items()
    }


def _put_site(attributes: dict[str, AttributeValue], site: Site, names: dict[str, str]) -> None:
    for field, attribute in names.items():
        value = getattr(site, field)
        if value:
            attributes[attribute] = value


def _read_site(attributes: dict[str, AttributeValue], names: dict[str, str]) -> Site:
    values: list[Any] = []
    for default, attribute in zip(NOWHERE, names.values()):
        value = attributes.get(attribute, default)
        if type(value) is not type(default):
            raise ValueError(f"attribute {attribute} is {value!r}")
        values.append(value)
    return Site(*values, *NOWHERE[len(values) :])
