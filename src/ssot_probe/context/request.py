"""The application's own OpenTelemetry span: read for evidence, marked when a finding touches it."""

from __future__ import annotations

import sys
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Optional
from weakref import ref

from ssot_probe.context.loaded import loaded

_NO_REQUEST = ("", "")

_MARKS = 4
"""Attributes of the application's span that tell of a finding."""

_latest: tuple[Any, tuple[str, str]] = (lambda: None, _NO_REQUEST)
"""A context and what was read from it: it never changes, and most calls find the one that the last one found.
One tuple, which is replaced, so that a thread never finds one half of another's."""

_variable: Optional[ContextVar[Any]] = None
"""Where OpenTelemetry keeps the current context, once that is known."""


def current_request() -> tuple[str, str]:
    """Return trace id and span id of the application's current span, hex; empty where there is none.

    Nothing is read where the application has not loaded OpenTelemetry itself.
    """
    global _latest
    modules = sys.modules
    trace = modules.get("opentelemetry.trace")
    if trace is None:
        return _NO_REQUEST
    found = _variable
    if found is None:
        trace = loaded("opentelemetry.trace")  # another thread may be in the middle of it
        if trace is None:
            return _NO_REQUEST
    context = _current_context(modules["opentelemetry.context"]) if found is None else found.get(None)
    if not context:
        return _NO_REQUEST  # nothing is current: no span either
    latest = _latest
    if latest[0]() is context:
        return latest[1]
    span = trace.get_current_span(context).get_span_context()
    request = (f"{span.trace_id:032x}", f"{span.span_id:016x}") if span.is_valid else _NO_REQUEST
    with suppress(TypeError):  # a context of some other making
        _latest = (ref(context), request)
    return request


def _current_context(api: Any) -> Any:
    """Return the current context; find the variable that it is in, which is read in a tenth of the time."""
    global _variable
    context = api.get_current()
    variable = getattr(getattr(api, "_RUNTIME_CONTEXT", None), "_current_context", None)
    if type(variable) is ContextVar and variable.get(context) is context:
        _variable = variable
    return context


def _has_room(span: Any, count: int) -> bool:
    """May a span with so many attributes hold as many again, which the application may still add?"""
    limit = getattr(getattr(span, "_limits", None), "max_span_attributes", None)
    return limit is None or 2 * (count + _MARKS) <= limit


def mark_request(code: str, severity: str, concept: str, class_name: str) -> None:
    """Put a finding on the application's current span, where it is recording.

    The attributes are those of the `ssot.finding` span, so one search in a trace viewer finds both. The first
    finding of a span stays. A span that may hold few attributes gets none: it would drop its own for them.
    """
    trace = loaded("opentelemetry.trace")
    if trace is None:
        return
    span = trace.get_current_span()
    attributes = getattr(span, "attributes", None) or ()
    if span.is_recording() and "ssot.finding.code" not in attributes and _has_room(span, len(attributes)):
        span.set_attribute("ssot.finding.code", code)
        span.set_attribute("ssot.finding.severity", severity)
        span.set_attribute("ssot.concept.name", concept)
        span.set_attribute("ssot.instance.type", class_name)
