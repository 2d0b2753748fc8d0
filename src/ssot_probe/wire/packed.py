"""Records of which there are many at once share a span: one list of strings for each of their fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ssot_probe.model.path_records import (
    DefinitionRecord,
    ForkRecord,
    SourceRecord,
    WatchedPathRecord,
)
from ssot_probe.model.site import Site
from ssot_probe.wire.otlp_json import AttributeValue, SpanData
from ssot_probe.wire.shape import field_kinds

MOST_PER_SPAN = 500


class _Shape(NamedTuple):
    span: str
    record: type[Any]
    fields: dict[str, str]  # field -> attribute; a site is four of them, with dots


_SHAPES = (
    _Shape(
        "ssot.paths",
        WatchedPathRecord,
        {
            "path": "ssot.path.names",
            "kind": "ssot.path.kinds",
            "file": "ssot.path.files",
            "target": "ssot.path.targets",
            "digest": "ssot.path.digests",
            "codes": "ssot.path.codes",
            "unheard": "ssot.path.unheard",
            "resolved": "ssot.path.resolved",
            "loaded": "ssot.path.loaded",
            "constructed": "ssot.path.constructed",
            "called": "ssot.path.called",
        },
    ),
    _Shape(
        "ssot.definitions",
        DefinitionRecord,
        {
            "path": "ssot.path.names",
            "kind": "ssot.definition.kinds",
            "digest": "ssot.definition.digests",
            "definition.file": "ssot.definition.files",
            "definition.line": "ssot.definition.lines",
            "definition.function": "ssot.definition.functions",
            "definition.module": "ssot.definition.modules",
        },
    ),
    _Shape(
        "ssot.sources",
        SourceRecord,
        {"file": "ssot.source.files", "digest": "ssot.source.digests"},
    ),
    _Shape(
        "ssot.forks",
        ForkRecord,
        {"child": "ssot.fork.children", "is_expected": "ssot.fork.expected"},
    ),
)
_SHAPE_OF = {shape.record: shape for shape in _SHAPES}
_SHAPE_OF_SPAN = {shape.span: shape for shape in _SHAPES}

PACKED = frozenset(_SHAPE_OF)
PACKED_SPANS = frozenset(_SHAPE_OF_SPAN)


def lists_of(span: str) -> tuple[str, ...]:
    """Return the attributes of a span of this kind: each is a list with one entry for each record."""
    return tuple(_SHAPE_OF_SPAN[span].fields.values())


def packed_spans(records: Sequence[Any], ids: Iterator[tuple[str, str]]) -> Iterator[SpanData]:
    """Yield the spans that carry records of one type, those of one time together."""
    by_time: dict[int, list[Any]] = {}
    for record in records:
        by_time.setdefault(record.time, []).append(record)
    shape = _SHAPE_OF[type(records[0])]
    for time, group in by_time.items():
        for start in range(0, len(group), MOST_PER_SPAN):
            part = group[start : start + MOST_PER_SPAN]
            attributes: dict[str, AttributeValue] = {
                attribute: tuple([_text(_field(record, field)) for record in part])
                for field, attribute in shape.fields.items()
            }
            yield SpanData(shape.span, time, time, attributes, *next(ids), records=len(part))


def read_packed(span: SpanData) -> tuple[Any, ...]:
    """Return the records that a span carries.

    Raises:
        ValueError: its lists are missing, differ in length, or hold what the fields cannot.
    """
    shape = _SHAPE_OF_SPAN[span.name]
    lists = [span.attributes.get(attribute, ()) for attribute in shape.fields.values()]
    if any(not isinstance(values, tuple) for values in lists) or len(set(map(len, _tuples(lists)))) != 1:
        raise ValueError(f"span {span.name!r}: its lists differ in length")
    kinds = _kinds(shape.record)
    read = [kinds[field] for field in shape.fields]
    return tuple(
        _record(shape, {field: of(value) for field, of, value in zip(shape.fields, read, row)}, span.start)
        for row in zip(*_tuples(lists))
    )


def _record(shape: _Shape, values: dict[str, Any], time: int) -> Any:
    site = {field.partition(".")[2]: values.pop(field) for field in list(values) if "." in field}
    if site:
        values["definition"] = Site(**site)
    return shape.record(**values, time=time)


def _field(record: Any, field: str) -> Any:
    outer, _, inner = field.partition(".")
    value = getattr(record, outer)
    return getattr(value, inner) if inner else value


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, int) else str(value)


def _kinds(record: Any) -> dict[str, Callable[[str], Any]]:
    """Return how each field is read; those of a definition stand there with a dot."""
    readers: dict[str, Callable[[str], Any]] = {"str": str, "int": int, "bool": _flag}
    found: dict[str, Callable[[str], Any]] = {}
    for field, kind in field_kinds(record).items():
        if kind == "Site":
            for inner, name in field_kinds(Site).items():
                found[f"{field}.{inner}"] = readers[name]
        else:
            found[field] = readers[kind]
    return found


def _flag(text: str) -> bool:
    return text == "1"


def _tuples(lists: Iterable[Any]) -> list[tuple[str, ...]]:
    return [tuple(values) for values in lists]
