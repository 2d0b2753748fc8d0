"""Reads the files of a recording; what is torn, foreign or not understood is counted and named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from sys import intern
from typing import Any

from ssot_probe.analysis.clickhouse.added_up import QUESTIONS, AddedUp, Fact, Told
from ssot_probe.analysis.inventory import inventory_of
from ssot_probe.analysis.recording import Loss, Process, Recording, Skipped
from ssot_probe.analysis.sources import divided, find_files, find_lists, read_lines, total_size
from ssot_probe.analysis.summary import Summary, together
from ssot_probe.analysis.unread import Unread, behind_a_tear, is_cut_off, is_message
from ssot_probe.errors import NoEvidenceError, UnreadableRecordingError, UsageError
from ssot_probe.model.records import ProcessRecord, Record
from ssot_probe.wire.otlp_json import Resource, SpanData, read_line
from ssot_probe.wire.process_list import ProcessList
from ssot_probe.wire.registry import SCHEMA_VERSION, SCOPE
from ssot_probe.wire.spans import from_span

ORIGIN, STATIC = "ssot.origin", "static"

TORN = "torn_line"
NOT_UNDERSTOOD = "not_understood"
REDACTED = "redacted"
TOLD_NOTHING = "told_nothing"
METRICS = '{"resourceMetrics":'
PROCESS = "ssot.probe.process"

PER_QUESTION = 20 * 1024 * 1024
"""Bytes of a file that a question to a ClickHouse counts for, where progress is shown."""

_OWN_NAME = re.compile(r"\d{8}T\d{6}-\d+-[0-9a-f]{8}\.traces\.jsonl(\.gz)?$")


def load(sources: Sequence[str], advance: Callable[[int], None] = lambda size: None) -> Recording:
    """Read all files of the sources, and what lies in a ClickHouse; `advance` is told how far that has come.

    Raises:
        UnreadableRecordingError: a source does not exist, or nothing in it is of the probe.
        NoEvidenceError: there is nothing to read, or no process told that the probe was active in it.
    """
    places, stores = divided(sources)
    files = find_files(places)
    if not files and not stores:
        raise NoEvidenceError(
            f"{', '.join(sources)}: holds no recording, that is no file that ends with .jsonl or .json: "
            "was the probe active, and did it write here?"
        )
    reader = _Reader(advance)
    for path in files:
        reader.read(path)
    for store in stores:
        reader.add_up(store)
    return reader.recording(sources, find_lists(places))


def work_of(sources: Sequence[str]) -> int:
    """Return how far `load` will come: bytes of files, and as many for each question to a ClickHouse."""
    places, stores = divided(sources)
    return total_size(find_files(places)) + len(stores) * QUESTIONS * PER_QUESTION


class _Reader:
    """Collects what the files hold; each span counts once, however often it comes."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance = advance
        self._records: list[tuple[str, Record]] = []
        self._processes: dict[str, Process] = {}
        self._inventories: dict[str, Process] = {}
        self._received: Counter[str] = Counter()
        self._not_understood: Counter[tuple[str, str]] = Counter()
        self._redacted: Counter[str] = Counter()
        self._seen: set[int | str] = set()
        self._same: dict[Any, Any] = {}
        self._losses: list[Loss] = []
        self._skipped: list[Skipped] = []
        self._summaries: list[Summary] = []
        self._lines = self._otlp_lines = self._foreign_spans = 0
        self._resource: Resource = {}
        self._process = _process(self._resource)

    def read(self, path: str) -> None:
        """Read one file."""
        before = self._otlp_lines
        torn, cut, foreign = Unread(), Unread(), Unread()
        present: set[str] = set()  # processes that anything in the file is of
        lines = 0
        for line in read_lines(path):
            self._advance(line.size)
            lines += 1
            if line.is_broken:
                torn.add(line, line.text)
                continue
            if line.text.startswith(METRICS) and line.text.endswith("}]}"):
                self._otlp_lines += 1  # nobody asks for them: the records say it all
                continue
            try:
                spans = read_line(line.text)
            except (ValueError, OverflowError, RecursionError) as error:
                kind = torn if is_message(line.text) else cut if is_cut_off(line.text, error) else foreign
                kind.add(line, str(error))
                spans = behind_a_tear(line.text)
                if not spans:
                    continue
            self._otlp_lines += 1
            read: Resource | None = None
            for resource, span in spans:
                if resource is not read:  # most lines are one process'
                    read, process = resource, self._process_of(resource)
                    present.add(process.identity)
                self._take(resource, process, span)
        self._lines += lines
        if not lines and path.endswith(".traces.jsonl"):
            self._losses.append(Loss(TOLD_NOTHING, 1, path))
        if self._otlp_lines == before:  # no recording: what is cut off in it is somebody else's text
            foreign.join(cut)
            cut = Unread()
            if _OWN_NAME.search(path):  # its name says that it was one
                torn.join(foreign)
                foreign = Unread()
        for lost in (torn, cut):
            if lost.count:
                self._losses.append(Loss(TORN, lost.count, f"{path}:{lost.line}", tuple(sorted(present))))
        if foreign.count:
            self._skipped.append(Skipped(path, foreign.line, foreign.what, foreign.count))

    def recording(self, sources: Sequence[str], lists: Sequence[ProcessList]) -> Recording:
        """Return what was read, if it is the probe's and says that the probe was active."""
        where = ", ".join(sources)
        if not self._received:
            self._refuse(where)
        if not any(isinstance(record, ProcessRecord) for _, record in self._records):
            raise NoEvidenceError(
                f"{where}: holds {sum(self._received.values())} records of the probe, but none in which a "
                "process tells that the probe was active in it: the beginning of the recording is missing"
            )
        known = {**self._processes, **self._inventories}
        losses = [
            Loss(NOT_UNDERSTOOD, count, f"{known[process].label}: {what}", (process,))
            for (process, what), count in self._not_understood.items()
        ]
        losses += [
            Loss(REDACTED, count, known[process].label, (process,))
            for process, count in self._redacted.items()
        ]
        return Recording(
            [pair for pair in self._records if pair[0] not in self._inventories],
            self._processes.values(),
            [*self._losses, *losses],
            self._skipped,
            {process: self._received[process] for process in self._processes},
            inventory_of(
                [pair for pair in self._records if pair[0] in self._inventories], self._inventories.values()
            ),
            lists,
            together(self._summaries),
        )

    def add_up(self, store: str) -> None:
        """Take over what is in a ClickHouse, added up there."""
        added = AddedUp(store, lambda: self._advance(PER_QUESTION))
        try:
            told = {process.number: self._known(process, store) for process in added.processes()}
            if not told:
                raise NoEvidenceError(
                    f"{added.address.where}: the table holds no span of the probe"
                    + (" from that time" if added.address.since or added.address.until else "")
                    + ": was it switched on, and is its Collector's exporter writing here?"
                )
            missed = Counter[str]()
            for fact in added.facts():
                process = told[fact.process].identity
                missed[process] += self._take_fact(process, fact)
            summary = added.summary(missed)
        finally:
            added.close()
        self._received.update(summary.received)
        self._summaries.append(summary)

    def _known(self, told: Told, store: str) -> Process:
        if told.identity in self._processes:
            label, where = self._processes[told.identity].label, store.partition("?")[0]
            raise UsageError(
                f"{label} is in {where} and in another source: its records would count twice; leave one of "
                "them away"
            )
        kept = self._inventories if told.is_static else self._processes
        for resource in told.resources:
            process = _process(resource)
            self._note_format(resource, process)
            kept[told.identity] = max(kept.get(told.identity, process), process)
        if told.redacted:
            self._redacted[told.identity] += told.redacted
        return kept[told.identity]

    def _take_fact(self, process: str, fact: Fact) -> int:
        """Take the records of a fact; return how many could not be read, or stand twice in one span."""
        try:
            records = from_span(fact.span)
        except (ValueError, TypeError) as error:
            self._not_understood[process, str(error)] += fact.spans
            return fact.spans
        times = 1
        if process in self._inventories:  # which counts itself what arrived
            times = fact.spans
            self._received[process] += len(records) * times
        for record in records:
            spared = self._sparing(record) if isinstance(record, ProcessRecord) else record
            self._records += [(process, spared)] * times
        return fact.spans * (len(records) - len(set(records)))

    def _take(self, resource: Resource, process: Process, span: SpanData) -> None:
        if span.scope != SCOPE:
            self._foreign_spans += 1
            return
        key = _number(f"{span.trace_id}{span.span_id}")
        if span.span_id and key in self._seen:
            return
        self._seen.add(key)
        kept = self._inventories if resource.get(ORIGIN) == STATIC else self._processes
        kept[process.identity] = max(kept.get(process.identity, process), process)
        if _is_redacted(span):
            self._redacted[process.identity] += 1
        try:
            records = from_span(span)
        except (ValueError, TypeError) as error:
            self._not_understood[process.identity, str(error)] += 1
            self._received[process.identity] += 1
            return
        self._received[process.identity] += len(records)
        for record in records:
            spared = self._sparing(record) if isinstance(record, ProcessRecord) else record
            self._records.append((process.identity, spared))

    def _sparing(self, record: ProcessRecord) -> ProcessRecord:
        """Return the record with what all signs of life of a process say the same in memory once."""
        one = self._same.setdefault
        return record._replace(
            armed=one(record.armed, record.armed),
            python=intern(record.python),
            packages=one(record.packages, record.packages),
            observers=one(record.observers, record.observers),
            user_key=intern(record.user_key),
            dropped=one(record.dropped, record.dropped),
            parent=intern(record.parent),
            control=intern(record.control),
            directory=intern(record.directory),
            state=intern(record.state),
        )

    def _process_of(self, resource: Resource) -> Process:
        """A process says the same of itself in every line, and the lines of one come together."""
        if resource is not self._resource:
            self._resource, self._process = resource, _process(resource)
            self._note_format(resource, self._process)
        return self._process

    def _note_format(self, resource: Resource, process: Process) -> None:
        """What a later version means by records that look like ours is not known: they count as lost."""
        version = resource.get("ssot.schema.version")
        if isinstance(version, int) and version > SCHEMA_VERSION:
            what = f"it was written in record format {version}, and this version reads {SCHEMA_VERSION}"
            self._not_understood[process.identity, what] = 1

    def _refuse(self, where: str) -> None:
        if not self._lines:
            raise NoEvidenceError(
                f"{where}: the files are empty: nothing told yet, or all was killed at once"
            )
        if self._losses:
            raise NoEvidenceError(f"{where}: all that is left is torn, the first at {self._losses[0].where}")
        if self._foreign_spans:
            raise UnreadableRecordingError(
                f"{where}: found {self._foreign_spans} spans of other instrumentation and none of the probe: "
                "was it switched on in the service that sent them?"
            )
        if self._otlp_lines:
            raise NoEvidenceError(f"{where}: found OTLP, but no span in it: no record of the probe arrived")
        first = min(self._skipped)
        raise UnreadableRecordingError(
            f"{first.file}:{first.line}: found {first.what}, expected OTLP JSON lines as the probe or a "
            "Collector's file exporter writes them"
        )


def _process(resource: Resource) -> Process:
    pid, schema = resource.get("process.pid"), resource.get("ssot.schema.version")
    return Process(
        identity=str(
            resource.get("service.instance.id") or f"{resource.get('host.name', '')} pid {pid}".strip()
        ),
        service=str(resource.get("service.name", "")),
        pid=pid if isinstance(pid, int) else 0,
        role=str(resource.get("ssot.role", "")),
        environment=str(resource.get("deployment.environment.name", "")),
        version=str(resource.get("telemetry.distro.version", "")),
        host=str(resource.get("host.name", "")),
        release=str(resource.get("service.version", "")),
        schema=schema if isinstance(schema, int) else 0,
    )


def _is_redacted(span: SpanData) -> bool:
    """Did a Collector take something from the span that its record needs?

    What lacks an attribute reads like a record without it, and a name that was masked like another one. Only
    in a policy anything may stand, such as an address in the reason of a waiver.
    """
    masked = span.attributes.get("redaction.masked.count") and span.name != PROCESS
    return bool(masked or span.attributes.get("redaction.redacted.count"))


def _number(digits: str) -> int | str:
    """Return what takes least memory of an id."""
    try:
        return int(digits, 16)
    except ValueError:
        return digits
