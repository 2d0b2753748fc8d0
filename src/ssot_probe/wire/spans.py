"""Records to spans and back, each by the shape of its kind; modules share a span."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from ssot_probe.model.records import NOWHERE, AccessRecord, ModuleRecord, Record, SharingRecord
from ssot_probe.wire.code_shapes import CODE_SHAPES
from ssot_probe.wire.instance_shapes import INSTANCE_SHAPES
from ssot_probe.wire.otlp_json import AttributeValue, SpanData
from ssot_probe.wire.packed import PACKED, PACKED_SPANS, packed_spans, read_packed
from ssot_probe.wire.process_shapes import PROCESS_SHAPES
from ssot_probe.wire.registry import SCOPE
from ssot_probe.wire.shape import field_kinds
from ssot_probe.wire.sharing_shapes import SHARING_SHAPES
from ssot_probe.wire.sites import SITES, put_site, read_site

Ids = tuple[str, str]

_MODULES = "ssot.modules"

_SHAPES = {
    shape.record: shape for shape in (*PROCESS_SHAPES, *CODE_SHAPES, *INSTANCE_SHAPES, *SHARING_SHAPES)
}
_SHAPE_OF_SPAN = {shape.span: shape for shape in _SHAPES.values()}
_SHAPE_OF_KIND = {shape.finding[1]: shape for shape in _SHAPES.values() if shape.finding[1]}

_FINDING = "ssot.finding"
"""The span of a record that the probe has judged to be a finding; a sharing is one always."""

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
    for field, names in SITES.items():
        put_site(attributes, values.get(field, NOWHERE), names)
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
    if values.get("request") and values.get("request_span"):
        links = (*links, (values["request"], values["request_span"]))
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
    attributes = span.attributes
    fields, sites = _plan(shape.record)  # type: ignore[arg-type]  # a class can be hashed
    for field, attribute, default, kind in fields:
        value = attributes.get(attribute, default)
        if type(value) is not kind:
            raise ValueError(f"span {span.name!r}: attribute {attribute} is {value!r}")
        values[field] = value
    for field, names in sites:
        values[field] = read_site(attributes, names)
    values[shape.times[0]] = span.start
    values[shape.times[1]] = span.end
    record: Record = shape.record(**values)
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


_Fields = tuple[tuple[str, str, Any, type], ...]  # field, attribute, value where that is missing, its type
_Places = tuple[tuple[str, dict[str, str]], ...]

_EMPTY: dict[str, Any] = {"str": "", "int": 0, "bool": False, "tuple[str, ...]": (), "Site": NOWHERE}


@cache
def _plan(record: type[Any]) -> tuple[_Fields, _Places]:
    """Return how the fields of a record are read, and its places."""
    defaults = {field: _EMPTY[kind] for field, kind in field_kinds(record).items()}
    fields = _SHAPES[record].fields.items()
    return (
        tuple((field, attribute, defaults[field], type(defaults[field])) for field, attribute in fields),
        tuple((field, names) for field, names in SITES.items() if field in defaults),
    )
