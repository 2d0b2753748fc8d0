"""How the Collector's exporter for Prometheus writes the names of metrics and attributes."""

from __future__ import annotations

import re

from ssot_probe.wire.registry import METRICS, Metric

_UNITS = {"s": "_seconds"}
"""What a unit adds to a name; one in braces is a remark and adds nothing."""


def metric_name(metric: Metric) -> str:
    """Return the name of a metric."""
    total = "_total" if metric.instrument == "counter" else ""
    return f"{label_name(metric.name)}{_UNITS.get(metric.unit, '')}{total}"


def metric_named(name: str) -> str:
    """Return how a metric of the registry, as the probe calls it, is called there."""
    return metric_name(next(metric for metric in METRICS if metric.name == name))


def label_name(attribute: str) -> str:
    """Return the name of the label that an attribute becomes."""
    return re.sub(r"\W", "_", attribute)
