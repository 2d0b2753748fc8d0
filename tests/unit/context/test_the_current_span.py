"""The application's current span: read once for each context, and never taken for that of another one."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from weakref import ref

import pytest
from opentelemetry import context, trace
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from ssot_probe.context import request
from ssot_probe.context.request import current_request, mark_request


@contextmanager
def span(number: int) -> Iterator[None]:
    """Be in a span with this number."""
    found = NonRecordingSpan(SpanContext(number, number, False, TraceFlags(1)))
    with trace.use_span(found):
        yield


def ids(number: int) -> tuple[str, str]:
    return f"{number:032x}", f"{number:016x}"


def test_each_span_is_told_by_its_own_ids_however_they_are_nested() -> None:
    assert current_request() == ("", "")
    for _ in range(2):
        with span(1):
            assert [current_request() for _ in range(3)] == [ids(1)] * 3
            with span(2):
                assert [current_request() for _ in range(3)] == [ids(2)] * 3
            assert current_request() == ids(1)
        assert current_request() == ("", "")


def test_a_context_that_is_gone_is_not_taken_for_one_that_stands_in_its_place() -> None:
    for number in range(1, 200):
        with span(number):
            assert current_request() == ids(number)


def test_a_context_without_a_span_has_no_ids() -> None:
    token = context.attach(context.set_value("colour", "red"))
    try:
        assert [current_request(), current_request()] == [("", "")] * 2
    finally:
        context.detach(token)


def test_a_context_is_not_kept_alive() -> None:
    with span(7):
        current_request()
        alive = ref(context.get_current())
    gc.collect()
    assert alive() is None


def test_a_library_that_another_thread_is_loading_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    half = ModuleType("opentelemetry.trace")
    half.__spec__ = ModuleSpec("opentelemetry.trace", None)
    monkeypatch.setattr(half.__spec__, "_initializing", True, raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", half)
    monkeypatch.delitem(sys.modules, "opentelemetry.context", raising=False)
    monkeypatch.setattr(request, "_variable", None)
    assert current_request() == ("", "")
    mark_request("SSOT301", "error", "manager", "chat:Manager")


@pytest.mark.parametrize(("own", "is_marked"), [(3, True), (12, True), (13, False), (32, False)])
def test_a_span_with_little_room_keeps_it_for_the_applications_attributes(own: int, is_marked: bool) -> None:
    tracer = TracerProvider(span_limits=SpanLimits(max_span_attributes=32)).get_tracer("shop")
    attributes = {f"shop.{number}": number for number in range(own)}
    with tracer.start_as_current_span("request", attributes=attributes) as current:
        mark_request("SSOT301", "error", "manager", "chat:Manager")
    assert ("ssot.finding.code" in current.attributes) == is_marked  # type: ignore[attr-defined]
    assert attributes.items() <= current.attributes.items()  # type: ignore[attr-defined]
