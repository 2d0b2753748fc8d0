"""One cycle of the recorder: what waits in the buffer becomes records, spans, and bytes on their way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from time import monotonic, time_ns
from typing import TYPE_CHECKING, Any, Protocol

from ssot_probe.losses import SITES_FULL, Losses
from ssot_probe.model.path_records import ForkRecord, SourceRecord
from ssot_probe.model.records import ClassRecord, ImportRecord, ModuleRecord, ProcessRecord, Record
from ssot_probe.observe import cycles, tallies
from ssot_probe.observe.hot_imports import HotImports
from ssot_probe.observe.instances import InstanceTable
from ssot_probe.observe.loading import LoadEvent
from ssot_probe.observe.looks import Looked
from ssot_probe.observe.makers import MakeEvent
from ssot_probe.observe.pools.events import PoolEvent
from ssot_probe.observe.population import Count, Population
from ssot_probe.observe.stale_calls import StaleEvent
from ssot_probe.observe.tripwire import crowded, hits, lost, unplaced
from ssot_probe.recorder import pacing
from ssot_probe.recorder.allowance import Allowance
from ssot_probe.recorder.boundaries import Boundaries
from ssot_probe.recorder.buffer import Buffer
from ssot_probe.recorder.contexts import ContextLedger
from ssot_probe.recorder.import_cycles import settled
from ssot_probe.recorder.imports import ImportLedger
from ssot_probe.recorder.ledger import Ledger
from ssot_probe.recorder.limits import Limits
from ssot_probe.recorder.places import Places
from ssot_probe.recorder.pool_uses import PoolLedger
from ssot_probe.recorder.populations import PopulationLedger
from ssot_probe.recorder.process_states import ALIVE, STOPPED, Identity, ProcessStates
from ssot_probe.recorder.shared_objects import SharedObjects
from ssot_probe.recorder.uses import USE_EVENTS, UseLedger
from ssot_probe.wire.metrics import Counts, points
from ssot_probe.wire.otlp_json import MetricPoint, SpanData
from ssot_probe.wire.spans import to_spans

if TYPE_CHECKING:
    from ssot_probe.recorder.paths import PathLedger
    from ssot_probe.recorder.sources import Sources

BATCH = 2_000
"""Items taken from the buffer at once."""

SLICE = 100
"""Items after which there is a rest: some hundred microseconds of work. The interpreter would let the
application wait for five milliseconds before it takes our thread's turn away."""

MOST_CHILDREN = 500
"""Forked children that may wait for the next sign of life to be told of."""

CROWDED = 5_000
"""Items that wait while there are no rests: they come faster than they are taken."""


_event_of: Callable[[tuple[Any, ...]], MakeEvent] = partial(tuple.__new__, MakeEvent)
"""Makes the event of what the hot path left. `MakeEvent._make` takes three times as long."""


def _nothing() -> None:
    return None


def _in_order(span: SpanData) -> SpanData:
    """Return a span that does not end before it began, wherever the clock was set meanwhile."""
    return span if span.end >= span.start else span._replace(end=span.start)


class Exporter(Protocol):
    """Where spans and metrics go. No method raises: what is not delivered is counted as lost.

    Attributes:
        is_live: somebody watches the metrics as they come; to others they go with ever fewer signs of life.
    """

    is_live: bool

    def export(self, spans: Sequence[SpanData], metrics: Sequence[MetricPoint], time: int) -> None:
        """Send a batch on its way."""

    def pause(self, seconds: float) -> None:
        """Stop what runs in threads, within so many seconds, as a fork is near; go on with the next batch."""

    def close(self, seconds: float) -> None:
        """Deliver what is left, within so many seconds."""


class Recorder:
    """Runs in one thread at a time. Holds everything that a process has to say about itself."""

    def __init__(
        self,
        identity: Identity,
        buffer: Buffer,
        losses: Losses,
        places: Places,
        instances: InstanceTable,
        population: Population,
        hot_imports: HotImports,
        hash_user: Callable[[str], str],
        exporters: Sequence[Exporter],
        boundaries: Boundaries | None = None,
        listed: Callable[[], int] = int,
        closing: Callable[[], str] = str,
        paths: PathLedger | None = None,
        children: Callable[[bool], list[str]] = lambda is_final: [],
        sources: Sources | None = None,
    ) -> None:
        self._identity = identity
        self._paths = paths
        self._states = ProcessStates(identity, losses, listed, closing, self._control)
        self._buffer = buffer
        self._losses = losses
        self._places = places
        self._instances = instances
        self._hot_imports = hot_imports
        self._exporters = list(exporters)
        self._closing: Exporter | None = None
        self._allowance = Allowance()
        self._ledger = Ledger(identity.instance, places, hash_user, instances.is_alive, self._allowance)
        self._boundaries = boundaries or Boundaries(None)
        self._shared_objects = SharedObjects(
            identity.instance, hash_user, lambda: len(self._ledger.users), self._boundaries, losses
        )
        self._pools = PoolLedger(identity.instance, places, hash_user, self._ledger.findings, self._allowance)
        self._uses = UseLedger(identity.instance, places, hash_user, self._ledger.findings, self._allowance)
        self._imports = ImportLedger(places)
        self._contexts = ContextLedger(places, hash_user, self._ledger.findings)
        self._populations = PopulationLedger(identity.instance, places, population)
        self._limits = Limits(places)
        self._import_counts: dict[tuple[str, str], int] = {}
        self._children = children
        self._sources = sources
        self._begun: list[str] = []  # children to tell of
        self._emitted = 0
        self._since = monotonic()  # the clock may be set meanwhile
        self._seconds_before = max(0, time_ns() - identity.armed) / 1e9
        self._metrics_at = self._metrics_kept_at = 0
        self._is_started = self._owes_metrics = False
        self.has_begun = False  # something was handed to the exporters
        self._rest: Callable[[], None] = _nothing

    def cycle(self, is_final: bool = False, rest: Callable[[], None] | None = None) -> Iterator[None]:
        """Record and export what has come up by now, batch by batch; yield where there is more to do.

        Between slices of the work `rest` is called, which lets the application have its turn.
        The last batch of the final cycle says that the recording is closed.
        """
        self._rest = rest or _nothing
        if not self._is_started:  # at once: what is recorded next may take longer than the process lives
            self._is_started = True
            self._export([self._start(time_ns())], has_metrics=False)
            self._owes_metrics = True
        gone = self._ledger.gone()
        left = len(self._buffer.items)  # what comes meanwhile can wait: there may be no end to it
        while True:
            items = self._buffer.take(BATCH)
            left -= BATCH
            self._export(self._records(items, is_final and left <= 0))
            if left <= 0:
                break
            yield
        self._ledger.forget(gone)

    def pause(self, seconds: float) -> None:
        """Stop what runs in threads, before a fork."""
        for exporter in self._exporters:
            exporter.pause(seconds)

    def close(self, seconds: float) -> None:
        """Deliver what is left, within so many seconds; what one exporter loses, the others still tell."""
        while self._exporters:
            told = self._losses.by_reason()
            self._closing = self._exporters.pop()
            self._closing.close(seconds)
            if self._losses.by_reason() != told:
                self._export([self._states.record(STOPPED, time_ns(), self._emitted)])
        self._closing = None

    def give_up(self) -> None:
        """Tell what the exporter that is being closed, in another thread, has not delivered."""
        if self._closing is not None:
            self._closing.close(0)
            self._export([self._states.record(STOPPED, time_ns(), self._emitted)])

    def _start(self, now: int) -> ProcessRecord:
        self._metrics_at = now
        self._states.wait(now)
        if self._paths is not None:
            self._paths.try_control()
        return self._states.started()

    def _records(self, items: Sequence[Any], is_final: bool) -> list[Record]:
        now = time_ns()
        records: list[Record] = []
        take_call, take_member = self._ledger.take, self._populations.take  # most items are calls
        for item in self._in_slices(items):
            if type(item) is tuple:
                event = _event_of(item)
                records.extend(take_call(event))
                take_member(event)
                if event.is_first_meeting:
                    self._note_boundary(event)
            elif type(item) is PoolEvent:
                records.extend(self._pools.take(item))
            elif type(item) is Looked:
                self._shared_objects.take(item)
            elif type(item) is LoadEvent:
                records.extend(self._imports.loaded(*item))
            elif type(item) is StaleEvent:
                self._contexts.take(item)
            elif type(item) is Count:
                records.append(self._populations.record(item, now))
            elif isinstance(item, USE_EVENTS):
                records.extend(self._uses.take(item))
            elif self._paths is not None and self._paths.is_use(item):
                continue  # it only wakes us: its counter says more
            else:
                records.append(self._places.of_class(item) if type(item) is ClassRecord else item)
        is_quiet = not items
        for alike, count in tallies.grown():
            is_quiet = False
            event = _event_of(alike)
            self._ledger.count(event, count)
            take_member(event)
        records.extend(self._ledger.due(now, is_final, is_quiet))
        records.extend(self._shared_objects.due(now, is_final, is_quiet))
        records.extend(self._boundaries.due(is_final))
        records.extend(self._contexts.due(now, is_final, is_quiet))
        records.extend(self._pools.due(now, is_final, is_quiet))
        found = list(hits.values())
        records.extend(self._imports.due(found, now, is_final, is_quiet))
        if self._paths is not None:
            self._paths.take(records)
            records.extend(self._paths.due(now, is_final, is_quiet))
        records.extend(settled(cycles.waiting, self._places, is_final))
        hot = self._hot_imports.look(found)
        in_part = hot, list(crowded.values()), list(unplaced)
        records.extend(self._limits.reached(*in_part, cycles.went_beyond(), now))
        records.extend(self._allowance.reached(now))
        if lost[0]:
            self._losses.add(SITES_FULL, lost[0])
            lost[0] = 0
        self._count_imports(records)
        if not is_final and self._are_metrics_due(now):
            records.extend(self._populations.due(now))
            if self._paths is not None:
                self._paths.try_control()
        records.extend(self._source_records(records, now, is_final))
        self._begun.extend(self._children(is_final))
        if is_final or self._states.is_due(now) or len(self._begun) >= MOST_CHILDREN:
            records.extend(ForkRecord(child, is_expected=True, time=now) for child in self._begun)
            self._begun.clear()
        if is_final or self._states.is_due(now):
            state = STOPPED if is_final else ALIVE
            records.append(self._states.record(state, now, self._emitted + len(records)))
        return records

    def _source_records(self, records: Iterable[Record], now: int, is_final: bool) -> list[SourceRecord]:
        if self._sources is None:
            return []
        for record in records:
            if type(record) is ModuleRecord:
                self._sources.take_module(record)
        files, self._places.files = self._places.files, set()
        self._sources.take_files(files)
        return list(self._sources.due(now, is_final, self._rest))

    def _control(self) -> str:
        return "" if self._paths is None else self._paths.control

    def _are_metrics_due(self, now: int) -> bool:
        return not 0 <= now - self._metrics_at < pacing.HEARTBEAT

    def _in_slices(self, items: Sequence[Any]) -> Iterator[Any]:
        for position, item in enumerate(items, 1):
            yield item
            if not position % SLICE and len(self._buffer.items) < CROWDED:
                self._rest()

    def _note_boundary(self, event: MakeEvent) -> None:
        known, cls = event.instance, event.site.cls
        if known is not None and known.others and not cls.is_shareable:
            users = tuple(user for user in (known.user, *tuple(known.others)) if user is not None)
            name, concept = cls.name, cls.concept
            self._boundaries.share("SSOT301", str(known.serial), name, (concept,), users)

    def _count_imports(self, records: Iterable[Record]) -> None:
        for record in records:
            if isinstance(record, ImportRecord):
                key = (record.module, record.outcome)
                self._import_counts[key] = self._import_counts.get(key, 0) + record.count

    def _export(self, records: Sequence[Record], has_metrics: bool = True) -> None:
        now = time_ns()
        is_first, self._owes_metrics = self._owes_metrics, False
        is_told = is_first or any(type(record) is ProcessRecord for record in records)
        is_due = has_metrics and (is_told or self._are_metrics_due(now))
        if not records and not is_due:
            return
        if is_due:
            self._metrics_at = now
        self._emitted += len(records)
        is_kept = (
            is_due
            and is_told
            and (
                is_first
                or any(type(record) is ProcessRecord and record.state != ALIVE for record in records)
                or pacing.is_due(now, self._identity.armed, self._metrics_kept_at, is_quiet=False)
            )
        )
        if is_kept:
            self._metrics_kept_at = now
        takers = [exporter for exporter in self._exporters if is_kept or exporter.is_live]
        metrics = self._points(now) if is_due and takers else ()
        spans = [_in_order(span) for span in to_spans(records)]
        time = max(now, self._identity.armed)
        for exporter in self._exporters:
            exporter.export(spans, metrics if exporter in takers else (), time)
        self.has_begun = True

    def _points(self, now: int) -> Sequence[MetricPoint]:
        ledger, shared = self._ledger, self._shared_objects
        counts = Counts(
            imports=self._import_counts,
            creations=ledger.creations,
            shared=ledger.shared,
            findings={**ledger.findings, **shared.findings, **self._boundaries.findings},
            live=len(self._instances.by_id),
            dropped=self._losses.by_reason(),
            exported=self._emitted,
            seconds=self._seconds_before + monotonic() - self._since,
            looks=shared.looks,
            looked_at=shared.looked_at,
            pause=shared.pause / 1e9,
            uses={} if self._paths is None else self._paths.counts(),
        )
        return points(self._identity.policy, counts)
