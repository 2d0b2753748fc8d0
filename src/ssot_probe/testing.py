"""A kit for users' tests: capture what happens in a block and judge it there."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Union

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.finding import Finding, Severity
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import Record
from ssot_probe.probe import Probe, find_policy, start
from ssot_probe.settings import Settings
from ssot_probe.wire.otlp_json import MetricPoint, SpanData
from ssot_probe.wire.spans import from_span

FLUSH_SECONDS = 5.0


class MemoryExporter:
    """Keeps what would have been sent, as records."""

    is_live = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: list[Record] = []

    def export(self, spans: Sequence[SpanData], metrics: Sequence[MetricPoint], time: int) -> None:
        """Keep a batch, after the way over the wire and back."""
        with self._lock:
            self._records.extend(record for span in spans for record in from_span(span))

    def pause(self, seconds: float) -> None:
        """Nothing runs here between two batches."""

    def close(self, seconds: float) -> None:
        """Nothing is left to deliver."""

    def records(self) -> list[Record]:
        """Return what has been exported so far."""
        with self._lock:
            return list(self._records)


class Capture:
    """What a running probe has seen so far."""

    def __init__(self, probe: Probe, exporter: MemoryExporter) -> None:
        self._probe = probe
        self._exporter = exporter

    @property
    def records(self) -> list[Record]:
        """All records up to this moment."""
        if self._probe.is_active and not self._probe.flush(FLUSH_SECONDS):
            raise TimeoutError("the probe did not record what it saw within five seconds")
        return self._exporter.records()

    def look(self) -> None:
        """Look at once at what the users' instances share, as the probe does now and then by itself.

        Raises:
            TimeoutError: another look did not end within five seconds, or looks are switched off.
        """
        if not self._probe.look(FLUSH_SECONDS):
            raise TimeoutError("no look at what is shared was possible within five seconds")

    def findings(self, code: str | None = None) -> tuple[Finding, ...]:
        """Judge what was seen by the probe's policy; only findings of one code where it is given."""
        recording = Recording(("test", record) for record in self.records)
        judgement = judge(recording, self._probe.policy)
        return tuple(finding for finding in judgement.findings if code in (None, finding.code))

    def assert_clean(self, *codes: str) -> None:
        """Fail where there are findings: of these codes, or warnings and errors of any where none is named.

        Raises:
            AssertionError: names each finding with its evidence.
        """
        bad = [
            finding
            for finding in self.findings()
            if finding.status != "waived"
            and (finding.code in codes if codes else finding.severity >= Severity.WARNING)
        ]
        assert not bad, "\n".join(_told(finding) for finding in bad)


@contextmanager
def capture_records(policy: Union[str, Policy, None] = None) -> Iterator[Capture]:
    """Run the probe for the length of the block, writing nothing to disk.

    Args:
        policy: a policy, the path of a policy file, or None for the nearest policy file, else inferred.

    Modules that are loaded already are observed from here on and reported as late (SSOT901).
    """
    exporter = MemoryExporter()
    judged_by = policy if isinstance(policy, Policy) else find_policy(policy or "")
    probe = start(judged_by, Settings(exporters=()), [exporter])
    try:
        yield Capture(probe, exporter)
    finally:
        probe.stop()


def _told(finding: Finding) -> str:
    lines = [f"{finding.code} {finding.rule} {finding.subject}: {finding.message}"]
    lines += [f"  {item.file}:{item.line} {item.what}" for item in finding.evidence]
    return "\n".join(lines)
