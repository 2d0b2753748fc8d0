"""What waits for a Collector: bounded, findings lost last, tried again in time, counted when given up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from time import monotonic, sleep, time
from typing import Any

import pytest

from ssot_probe.export import otlp, outages
from ssot_probe.export.answers import ARRIVED, REFUSED, TOO_LARGE, UNAVAILABLE, Answer
from ssot_probe.export.otlp import QUEUED_SPANS, SPANS_PER_REQUEST, OtlpExporter
from ssot_probe.export.sender import Batch
from ssot_probe.losses import EXPORT_FAILED, EXPORT_QUEUE_FULL, EXPORT_REFUSED, Losses
from ssot_probe.wire.otlp_json import MetricPoint, SpanData
from ssot_probe.wire.registry import METRICS

POINT = MetricPoint(METRICS[0], {}, 1)


def spans(count: int, name: str = "ssot.make") -> list[SpanData]:
    return [SpanData(name, 1, 1, {}, "0" * 32, f"{number:016x}") for number in range(count)]


class Bench:
    """An exporter whose Collector answers what it is told to, once it may."""

    def __init__(self, answer: Callable[[Batch], Answer]) -> None:
        self.losses = Losses()
        self.sent: list[Batch] = []
        self.told: list[str] = []
        self.errors: list[BaseException] = []
        self.answer = answer
        self.may_answer = Event()
        self.may_answer.set()
        self.exporter = OtlpExporter({}, "0", 0, self.losses, self.errors.append, self.told.append)

    def sender(self, *arguments: Any) -> Callable[[Batch], Answer]:
        def send(batch: Batch) -> Answer:
            self.may_answer.wait(20)
            self.sent.append(batch)
            return self.answer(batch)

        return send

    @property
    def sent_spans(self) -> int:
        return sum(len(batch.spans) for batch in self.sent)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(answer: Callable[[Batch], Answer] = lambda batch: Answer(ARRIVED)) -> Bench:
        found = Bench(answer)
        monkeypatch.setattr(otlp, "Sender", found.sender)
        made.append(found)
        return found

    yield make
    for one in made:
        one.may_answer.set()
        one.exporter.close(2)


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = monotonic() + 20
    while not is_so() and monotonic() < deadline:
        sleep(0.005)
    assert is_so()


def test_what_waits_is_bounded_and_the_rest_is_counted(bench: Callable[..., Bench]) -> None:
    one = bench()
    one.may_answer.clear()
    for _ in range(30):
        one.exporter.export(spans(1_000), (), 1)
    lost = one.losses.by_reason()[EXPORT_QUEUE_FULL]
    assert 30_000 - lost == QUEUED_SPANS
    one.may_answer.set()
    one.exporter.close(20)
    assert one.sent_spans + lost == 30_000
    assert max(len(batch.spans) for batch in one.sent) <= SPANS_PER_REQUEST


def test_findings_are_taken_in_where_there_is_no_room_for_others(bench: Callable[..., Bench]) -> None:
    one = bench()
    one.may_answer.clear()
    one.exporter.export(spans(20_000), (), 1)
    one.exporter.export([*spans(300), *spans(2, "ssot.finding")], (), 1)
    assert one.losses.by_reason()[EXPORT_QUEUE_FULL] == 20_000 - QUEUED_SPANS + 300
    one.exporter.export(spans(2 * QUEUED_SPANS, "ssot.finding"), (), 1)  # of these there is an end too
    one.may_answer.set()
    one.exporter.close(20)
    assert one.sent_spans == 2 * QUEUED_SPANS


def test_small_batches_that_wait_become_one_and_the_newest_metrics_go_with_it(
    bench: Callable[..., Bench],
) -> None:
    one = bench()
    one.may_answer.clear()
    for number in range(100):
        one.exporter.export(spans(3), [POINT._replace(value=number)], number)
    one.may_answer.set()
    one.exporter.close(20)
    assert one.sent_spans == 300
    assert len(one.sent) <= 3
    assert one.sent[-1].metrics[0].value == 99


def test_what_a_collector_cannot_take_is_tried_again_after_a_while(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "FIRST_WAIT", 0.01)
    answers = [Answer(UNAVAILABLE, "status 503")] * 3 + [Answer(ARRIVED)]
    one: Bench = bench(lambda batch: answers[min(len(one.sent), 4) - 1])
    one.exporter.export(spans(5), (), 1)
    wait_until(lambda: len(one.sent) == 4)
    assert {len(batch.spans) for batch in one.sent} == {5}
    one.exporter.close(2)
    assert one.losses.by_reason() == {}


def test_a_collector_that_asks_for_it_is_left_alone_even_at_the_end(bench: Callable[..., Bench]) -> None:
    one = bench(lambda batch: Answer(UNAVAILABLE, "status 429", wait=60))
    for _ in range(5):
        one.exporter.export(spans(1), (), 1)
        wait_until(lambda: one.sent)
    one.exporter.close(1)
    assert len(one.sent) == 1
    assert one.losses.by_reason() == {EXPORT_FAILED: 5}


def test_a_batch_that_is_too_large_is_sent_in_parts_and_later_ones_are_made_smaller(
    bench: Callable[..., Bench],
) -> None:
    one = bench(lambda batch: Answer(TOO_LARGE) if len(batch.spans) > 100 else Answer(ARRIVED))
    one.exporter.export(spans(400), [POINT], 1)
    wait_until(lambda: sum(len(batch.spans) for batch in one.sent if len(batch.spans) <= 100) == 400)
    assert [len(batch.metrics) for batch in one.sent if len(batch.spans) <= 100] == [0, 0, 0, 1]
    one.sent.clear()
    one.exporter.export(spans(400), (), 1)
    one.exporter.close(20)
    assert [len(batch.spans) for batch in one.sent] == [100] * 4
    assert one.losses.by_reason() == {}


def test_one_span_that_is_too_large_is_lost_alone(bench: Callable[..., Bench]) -> None:
    one = bench(
        lambda batch: (
            Answer(TOO_LARGE) if any(span.name == "ssot.paths" for span in batch.spans) else Answer(ARRIVED)
        )
    )
    one.exporter.export([*spans(40), *spans(1, "ssot.paths"), *spans(30)], (), 1)
    one.exporter.close(20)
    assert one.losses.by_reason() == {EXPORT_REFUSED: 1}


def test_a_batch_that_cannot_be_sent_for_an_error_of_ours_is_lost_alone(bench: Callable[..., Bench]) -> None:
    def fail_once(batch: Batch) -> Answer:
        if len(one.sent) == 1:
            raise ValueError("a number beyond 64 bits")
        return Answer(ARRIVED)

    one = bench(fail_once)
    one.exporter.export(spans(2), (), 1)
    wait_until(lambda: one.errors)
    one.exporter.export(spans(3), (), 1)
    one.exporter.close(20)
    assert one.losses.by_reason() == {EXPORT_REFUSED: 2}
    assert one.sent_spans == 5
    assert len(one.errors) == 1


def test_where_the_sdk_cannot_be_loaded_everything_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> Any:
        raise ImportError("no module named opentelemetry")

    monkeypatch.setattr(otlp, "Sender", broken)
    losses, told, errors = Losses(), list[str](), list[BaseException]()
    exporter = OtlpExporter({}, "0", 0, losses, errors.append, told.append)
    exporter.export(spans(2), (), 1)
    wait_until(lambda: errors)
    wait_until(lambda: told)
    exporter.export(spans(3), (), 1)
    exporter.close(1)
    assert losses.by_reason() == {EXPORT_FAILED: 5}
    assert len(told) == 1


def test_to_close_twice_neither_hangs_nor_counts_twice(bench: Callable[..., Bench]) -> None:
    one = bench(lambda batch: Answer(UNAVAILABLE))
    one.exporter.export(spans(2), (), 1)
    one.exporter.close(1)
    one.exporter.close(0)
    one.exporter.close(0)
    assert one.losses.by_reason() == {EXPORT_FAILED: 2}


def test_what_is_under_way_when_time_is_over_counts_as_lost_once(bench: Callable[..., Bench]) -> None:
    one = bench()
    one.may_answer.clear()
    one.exporter.export(spans(2), (), 1)
    wait_until(lambda: one.exporter._sender is not None)
    one.exporter.close(0.05)
    assert one.losses.by_reason() == {EXPORT_FAILED: 2}
    one.may_answer.set()
    wait_until(lambda: one.sent)
    assert one.losses.by_reason() == {EXPORT_FAILED: 2}


def test_without_a_thread_closing_stops_at_its_deadline_whatever_waits(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(*arguments: Any) -> int:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    def slow(batch: Batch) -> Answer:
        sleep(0.05)
        return Answer(ARRIVED)

    monkeypatch.setattr(otlp, "start_new_thread", no_thread)
    one = bench(slow)
    one.exporter.export(spans(QUEUED_SPANS), (), 1)
    one.exporter.close(0.12)
    assert 0 < one.sent_spans < QUEUED_SPANS
    assert one.sent_spans + one.losses.by_reason()[EXPORT_FAILED] == QUEUED_SPANS


def test_a_clock_that_is_set_back_holds_nothing_up(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "FIRST_WAIT", 0.01)
    shift = [0.0]
    monkeypatch.setattr("time.time", lambda: time() + shift[0])
    one: Bench = bench(lambda batch: Answer(UNAVAILABLE) if len(one.sent) < 3 else Answer(ARRIVED))
    one.exporter.export(spans(2), (), 1)
    shift[0] = -3_600
    wait_until(lambda: len(one.sent) == 3)
    one.exporter.close(2)
    assert one.losses.by_reason() == {}


def test_one_failure_is_no_outage_and_an_outage_is_told_once(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "FIRST_WAIT", 0.01)
    failing = [1]
    one = bench(lambda batch: Answer(UNAVAILABLE, "status 503") if failing.pop() else Answer(ARRIVED))
    failing[:] = [0, 1]
    one.exporter.export(spans(1), (), 1)
    wait_until(lambda: not failing)
    assert one.told == []
    failing[:] = [0, 1, 1, 1, 1]
    one.exporter.export(spans(1), (), 1)
    wait_until(lambda: not failing)
    failing[:] = [0]
    one.exporter.close(2)
    assert len(one.told) == 1
    assert "status 503" in one.told[0]


def test_what_comes_and_goes_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(outages, "monotonic", lambda: now[0])
    told: list[str] = []
    outage = outages.Outages(told.append)
    for _ in range(1_000):
        outage.begin("it is away")
        outage.begin("it is still away")
        outage.end()
        now[0] += 6
    assert len(told) == 10


def test_refused_records_are_an_outage_until_one_is_taken(bench: Callable[..., Bench]) -> None:
    answers = [Answer(REFUSED, "status 401"), Answer(REFUSED, "status 401"), Answer(ARRIVED)]
    one = bench(lambda batch: answers.pop(0))
    for count in (1, 2, 3):
        left = len(answers)
        one.exporter.export(spans(count), (), 1)
        wait_until(lambda: len(answers) < left)  # noqa: B023
    one.exporter.close(2)
    assert one.losses.by_reason() == {EXPORT_REFUSED: 3}
    assert len(one.told) == 1
