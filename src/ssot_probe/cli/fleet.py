"""What a Prometheus counted over the fleet, as `ssot-probe dead --prometheus` is told where to get it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from time import time_ns

from ssot_probe.analysis.prometheus.answer import read_answer
from ssot_probe.analysis.prometheus.fleet_counts import FleetCounts
from ssot_probe.analysis.prometheus.question import question
from ssot_probe.analysis.prometheus.server import MOST_BYTES, ask, is_address
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.days import NANOSECONDS, start_of
from ssot_probe.errors import UsageError
from ssot_probe.model.records import ProcessRecord

HOUR = 3600 * NANOSECONDS

DEFAULT_HOURS, MOST_HOURS = 30 * 24, 10 * 366 * 24


def fleet_counts(
    source: str, recording: Recording, since: date | None, environ: Mapping[str, str]
) -> FleetCounts:
    """Return the counts of a Prometheus, or of an answer of one that was kept.

    Args:
        source: address or file.
        recording: it is asked about the time from the beginning of this on.
        since: or from this day on.
        environ: may hold what authorizes.

    Raises:
        UsageError: the address or the file is not what it should be.
        PrometheusError: there is no answer that can be used.
    """
    if is_address(source):
        query = question(_hours(recording, since, time_ns()))
        return read_answer(ask(source, query, environ), source)
    return read_answer(_content(source), source)


def _hours(recording: Recording, since: date | None, now: int) -> int:
    """Return how many hours ago begins what the verdicts are about."""
    begun = [record.armed for _, record in recording.of(ProcessRecord) if record.armed]
    first = start_of(since) if since is not None else min(begun, default=0)
    hours = -((first - now) // HOUR) + 1 if first else DEFAULT_HOURS
    return min(max(1, hours), MOST_HOURS)


def _content(path: str) -> str:
    try:
        if os.path.getsize(path) > MOST_BYTES:
            raise UsageError(f"--prometheus {path}: is longer than {MOST_BYTES >> 20} MiB")
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        raise UsageError(
            f"--prometheus {path}: cannot be read: {error.strerror} (an address begins with http:// or https://)"
        ) from error
