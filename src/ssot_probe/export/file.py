"""Writes OTLP JSON lines: one file per process and signal, readable at any moment, whatever ends the process.

Each batch is one line and one `write` to a file opened for appending; nothing is buffered here. A write that
the disk takes only in part leaves a torn line, which the next line begins by ending.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from ssot_probe.export.outages import Outages
from ssot_probe.losses import DISK, DISK_LIMIT, Losses
from ssot_probe.wire.otlp_json import (
    AttributeValue,
    MetricPoint,
    SpanData,
    encode_metrics,
    encode_spans,
    records_in,
)

SPANS_PER_LINE = 500
"""Keeps a line below 1 MiB, which is the longest that the Collector's file receiver takes."""

MOST_BYTES = 512 * 1024 * 1024
"""What one process may write; beyond it records are lost, counted."""


class FileExporter:
    """Exports to `<directory>/<process>.traces.jsonl` and `.metrics.jsonl`.

    Args:
        directory: made when it is missing, readable by its owner only.
        process: name of the process's files, unique in the directory.
        resource: attributes of the process.
        version: of ssot-probe.
        started: since when counters count, nanoseconds since the epoch.
        losses: where what could not be written is counted.
        most_bytes: that are written.
        tell: takes the line that tells of an outage; must not raise.
    """

    is_live = False

    def __init__(
        self,
        directory: str,
        process: str,
        resource: Mapping[str, AttributeValue],
        version: str,
        started: int,
        losses: Losses,
        most_bytes: int = MOST_BYTES,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._outages = Outages(tell)
        self._path = os.path.join(directory, process)
        self._directory = directory
        self._resource = resource
        self._version = version
        self._started = started
        self._losses = losses
        self._left = most_bytes
        self._files: dict[str, int] = {}
        self._torn: set[str] = set()

    def export(self, spans: Sequence[SpanData], metrics: Sequence[MetricPoint], time: int) -> None:
        """Write a batch; what cannot be written is counted as lost."""
        for start in range(0, len(spans), SPANS_PER_LINE):
            part = spans[start : start + SPANS_PER_LINE]
            self._write("traces", encode_spans(self._resource, self._version, part), records_in(part))
        if metrics:
            line = encode_metrics(self._resource, self._version, self._started, time, metrics)
            self._write("metrics", line, 0)

    def pause(self, seconds: float) -> None:
        """Nothing runs here between two batches."""

    def close(self, seconds: float) -> None:
        """Close the files; everything has been written."""
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files.clear()

    def _write(self, signal: str, line: str, records: int) -> None:
        data = line.encode("utf-8", "replace") + b"\n"
        if len(data) > self._left:
            self._losses.add(DISK_LIMIT, records)
            self._outages.begin("the recording of this process has reached its limit of bytes")
            return
        if signal in self._torn:
            data = b"\n" + data
        try:
            written = os.write(self._open(signal), data)
        except OSError as error:
            self._losses.add(DISK, records)
            self._outages.begin(f"recordings cannot be written ({error.strerror or type(error).__name__})")
            return
        self._left -= written
        self._torn.discard(signal)
        if written < len(data):
            self._torn.add(signal)
            self._losses.add(DISK, records)
            self._outages.begin("recordings can only be written in part")
        else:
            self._outages.end()

    def _open(self, signal: str) -> int:
        descriptor = self._files.get(signal)
        if descriptor is None:
            os.makedirs(self._directory, mode=0o700, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
            descriptor = self._files[signal] = os.open(f"{self._path}.{signal}.jsonl", flags, 0o600)
        return descriptor
