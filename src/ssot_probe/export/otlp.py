"""Sends to a Collector, in a thread that may hang alone.

What the Collector cannot take now waits, within bounds, and is tried again; what it refuses is lost, counted.
"""

from __future__ import annotations

from _thread import allocate_lock, get_ident, get_native_id, start_new_thread
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from random import uniform
from time import monotonic
from typing import Optional

from ssot_probe.errors import DependencyError
from ssot_probe.export.answers import ARRIVED, REFUSED, TOO_LARGE, UNAVAILABLE, Answer
from ssot_probe.export.outages import Outages
from ssot_probe.export.sender import Batch, Sender, unseen
from ssot_probe.losses import EXPORT_FAILED, EXPORT_QUEUE_FULL, EXPORT_REFUSED, Losses
from ssot_probe.observe.threads import is_importing, wait_for_end
from ssot_probe.wire.otlp_json import AttributeValue, MetricPoint, SpanData, records_in

SPANS_PER_REQUEST = 500
"""Some hundred kilobytes: Collectors take four megabytes or more."""

FEWEST_PER_REQUEST = 20
"""The same where requests were too large for a Collector."""

QUEUED_SPANS = 8_000
"""Spans that may wait for a Collector that does not answer; twice as many, where they are findings."""

FIRST_WAIT, LONGEST_OWN_WAIT = 0.5, 10.0
"""Seconds until a batch is tried again, which double each time."""

LOADING_SECONDS = 5.0
"""How long a fork waits while the SDK is imported: in the child its locks would never open again."""

KEPT_LONGEST = frozenset({"ssot.finding", "ssot.probe.process"})
"""Spans that are taken in where there is no room for others."""


class OtlpExporter:
    """Exports to the endpoint that OTEL_EXPORTER_OTLP_ENDPOINT names.

    Args:
        resource: attributes of the process.
        version: of ssot-probe.
        started: since when counters count, nanoseconds since the epoch.
        losses: where what could not be delivered is counted.
        on_error: told of an error of the probe's own; must not raise.
        tell: takes the line that tells of an outage; must not raise.
    """

    is_live = True

    def __init__(
        self,
        resource: Mapping[str, AttributeValue],
        version: str,
        started: int,
        losses: Losses,
        on_error: Callable[[BaseException], None],
        tell: Callable[[str], None],
    ) -> None:
        self._make_sender: Callable[[], Sender] = lambda: Sender(
            resource, version, started, self._seconds_left
        )
        self._losses = losses
        self._on_error = on_error
        self._outages = Outages(tell)
        self._queue: deque[Batch] = deque()  # its first one is being sent; changed by who has the lock
        self._waiting = 0  # spans in it
        self._spans_per_request = SPANS_PER_REQUEST
        self._lock = allocate_lock()
        self._sender: Optional[Sender] = None
        self._bell = allocate_lock()
        self._bell.acquire()
        self._finished = allocate_lock()
        self._thread = self._native_id = self._tries = 0
        self._not_before = self._asked_until = 0.0
        self._deadline: Optional[float] = None
        self._is_running = self._is_pausing = self._is_closing = self._is_useless = False

    def export(self, spans: Sequence[SpanData], metrics: Sequence[MetricPoint], time: int) -> None:
        """Queue a batch; what there is no room for is lost, counted, and findings last."""
        if not spans and not metrics:
            return
        if self._is_useless:
            self._losses.add(EXPORT_FAILED, records_in(spans))
            return
        with self._lock:
            size = self._spans_per_request
            last = max(0, len(spans) - 1) // size
            for number in range(last + 1):
                piece = spans[number * size : (number + 1) * size]
                self._put(Batch(self._fitting(piece), metrics if number == last else (), time))
        self._start()
        self._ring()

    def pause(self, seconds: float) -> None:
        """Stop the thread, keeping what waits: a forked child gets copies of the locks that it holds."""
        self._is_pausing = True
        self._ring()
        deadline = monotonic() + LOADING_SECONDS
        while self._is_running and not self._has_finished(seconds):
            if monotonic() > deadline or (self._sender is not None and not is_importing(self._thread)):
                break
        if not self._is_running:
            wait_for_end(self._native_id, seconds)
        self._is_pausing = False

    def close(self, seconds: float) -> None:
        """Deliver what waits; after so many seconds the rest is given up, counted."""
        self._deadline = monotonic() + seconds
        self._is_closing = True
        self._ring()
        if not self._is_running:
            self._begin()
            self._run()
        else:
            self._has_finished(seconds)
        self._lose_queue()

    def _fitting(self, spans: Sequence[SpanData]) -> Sequence[SpanData]:
        """Return those that there is room for; count the others as lost."""
        if self._waiting + len(spans) <= QUEUED_SPANS:
            return spans
        room = max(0, 2 * QUEUED_SPANS - self._waiting)
        kept = [span for span in spans if span.name in KEPT_LONGEST][:room]
        self._losses.add(EXPORT_QUEUE_FULL, records_in(spans) - records_in(kept))
        return kept

    def _put(self, batch: Batch) -> None:
        self._waiting += len(batch.spans)
        last = self._queue[-1] if len(self._queue) > 1 else None
        if last is None or len(last.spans) + len(batch.spans) > self._spans_per_request:
            if batch.spans or batch.metrics:
                self._queue.append(batch)
        else:  # while others wait, small ones become one; of metrics the newest say it all
            spans, metrics = [*last.spans, *batch.spans], batch.metrics or last.metrics
            self._queue[-1] = Batch(spans, metrics, batch.time)

    def _has_finished(self, seconds: float) -> bool:
        has_finished = self._finished.acquire(timeout=seconds)
        if has_finished:
            self._finished.release()
        return has_finished

    def _start(self) -> None:
        if not self._is_running:
            self._begin()
            try:
                start_new_thread(self._run, ())
            except RuntimeError:  # the interpreter is about to end: what waits is sent while closing
                self._end()

    def _begin(self) -> None:
        self._is_running = True
        self._finished.acquire()

    def _end(self) -> None:
        self._is_running = False
        self._finished.release()

    def _ring(self) -> None:
        try:
            self._bell.release()
        except RuntimeError:
            return  # it rings already

    def _run(self) -> None:
        self._thread, self._native_id = get_ident(), get_native_id()
        try:
            while not self._is_pausing:
                self._send_all()
                if self._is_closing or self._is_useless:
                    break
                self._bell.acquire(timeout=self._seconds_to_rest())
        finally:
            self._end()

    def _send_all(self) -> None:
        while not self._is_pausing and self._may_send():
            with self._lock:
                batch = self._queue[0] if self._queue else None
            if batch is None:
                return
            answer = self._send(batch)
            if answer is None or not self._take_in(batch, answer):
                return

    def _may_send(self) -> bool:
        """Is it time? Who is about to end tries once more, but where the Collector asked to be left alone."""
        now = monotonic()
        if self._is_closing:
            return now >= self._asked_until and self._seconds_left() > 0
        return now >= self._not_before

    def _seconds_to_rest(self) -> float:
        return min(1.0, max(0.01, self._not_before - monotonic())) if self._queue else 1.0

    def _seconds_left(self) -> float:
        return float("inf") if self._deadline is None else self._deadline - monotonic()

    def _send(self, batch: Batch) -> Optional[Answer]:
        """Send a batch; None where nothing can ever be sent."""
        try:
            with unseen():
                if self._sender is None:
                    self._sender = self._make_sender()
                return self._sender(batch)
        except Exception as error:
            self._on_error(error)
            if self._sender is not None:
                return Answer(REFUSED, type(error).__name__)
            self._is_useless = True
            self._lose_queue()
            why = str(error) if isinstance(error, DependencyError) else type(error).__name__
            self._tell_of_outage(f"nothing can be sent to a Collector ({why})")
            return None

    def _take_in(self, batch: Batch, answer: Answer) -> bool:
        """Take in what became of the first batch. Is the next one to be sent at once?"""
        with self._lock:
            if not self._queue or self._queue[0] is not batch:
                return False  # given up meanwhile
            if answer.kind != UNAVAILABLE:
                self._queue.popleft()
                self._waiting -= len(batch.spans)
            if answer.kind == TOO_LARGE and len(batch.spans) > 1:
                self._put_back_halved(batch)
                return True
        if answer.kind == UNAVAILABLE:
            self._wait(answer)
            if self._tries > 1 or answer.wait > LONGEST_OWN_WAIT:
                self._tell_of_outage(f"the Collector cannot take records now ({answer.why})")
            return False
        self._tries, self._not_before, self._asked_until = 0, 0.0, 0.0
        records = records_in(batch.spans)
        refused = min(records, answer.rejected) if answer.kind == ARRIVED else records
        if refused:
            self._losses.add(EXPORT_REFUSED, refused)
            self._tell_of_outage(f"the Collector refuses records ({answer.why})")
        else:
            self._outages.end()
        return True

    def _put_back_halved(self, batch: Batch) -> None:
        middle = len(batch.spans) // 2
        self._spans_per_request = min(self._spans_per_request, max(FEWEST_PER_REQUEST, middle))
        self._queue.appendleft(batch._replace(spans=batch.spans[middle:]))
        self._queue.appendleft(batch._replace(spans=batch.spans[:middle], metrics=()))
        self._waiting += len(batch.spans)

    def _wait(self, answer: Answer) -> None:
        now = monotonic()
        own = min(FIRST_WAIT * 2 ** min(self._tries, 10), LONGEST_OWN_WAIT) * uniform(0.8, 1.2)
        self._tries += 1
        self._asked_until = now + answer.wait
        self._not_before = now + max(own, answer.wait)

    def _tell_of_outage(self, what: str) -> None:
        if not self._is_closing:  # by then the application may have closed its log
            self._outages.begin(what)

    def _lose_queue(self) -> None:
        with self._lock:
            lost = sum(records_in(batch.spans) for batch in self._queue)
            self._queue.clear()
            self._waiting = 0
        if lost:
            self._losses.add(EXPORT_FAILED, lost)
