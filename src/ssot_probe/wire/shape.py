"""The shape of a record on the wire: its span, and which of its fields is which attribute."""

from __future__ import annotations

from typing import Any, NamedTuple

CLASS = {"cls": "ssot.class.name", "serial": "ssot.class.serial"}
INSTANCE = {"instance": "ssot.instance.id", "cls": "ssot.instance.type"}
ACTOR = {"thread": "thread.name", "task": "ssot.task.name"}
TWO_CALLS = {
    "threads": "ssot.calls.threads",
    "tasks": "ssot.calls.tasks",
    "places": "ssot.calls.places",
    "entered": "ssot.calls.entered_at",
}
REQUEST = {"request": "ssot.request.trace_id", "request_span": "ssot.request.span_id"}
"""Fields that several records have."""


class Shape(NamedTuple):
    """How records of one type travel."""

    span: str
    record: type[Any]
    fields: dict[str, str]  # field -> attribute; places have attributes of their own
    times: tuple[str, str] = ("time", "time")  # fields that are the span's start and end
    finding: tuple[str, str] = ("", "")  # its code and kind, where the probe judges such records


def field_kinds(record: type[Any]) -> dict[str, str]:
    """Return the fields of a record, each with its type as it is written there."""
    return {
        field: str(getattr(kind, "__forward_arg__", kind)) for field, kind in record.__annotations__.items()
    }
