"""The application's own OpenTelemetry span: read for evidence, marked when a finding touches it."""

from __future__ import annotations

import sys


def current_request() -> tuple[str, str]:
    """Return trace id and span id of the application's current span, hex; empty where there is none.

    Nothing is read where the application has not loaded OpenTelemetry itself.
    """
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None or not sys.modules["opentelemetry.context"].get_current():
        return "", ""  # nothing is current: no span either
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return "", ""
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"


def mark_request(code: str, severity: str, concept: str, class_name: str) -> None:
    """Put a finding on the application's current span, where it is recording.

    The attributes are those of the `ssot.finding` span, so one search in a trace viewer finds both. The first
    finding of a span stays.
    """
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return
    span = trace.get_current_span()
    if span.is_recording() and "ssot.finding.code" not in (getattr(span, "attributes", None) or ()):
        span.set_attribute("ssot.finding.code", code)
        span.set_attribute("ssot.finding.severity", severity)
        span.set_attribute("ssot.concept.name", concept)
        span.set_attribute("ssot.instance.type", class_name)
