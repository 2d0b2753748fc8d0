"""What was counted, as metric points; every path that the policy names has a point from the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from ssot_probe.model.names import is_within
from ssot_probe.model.path_records import RUNGS
from ssot_probe.model.policy import Policy, named_modules, watched_paths
from ssot_probe.wire.otlp_json import MetricPoint
from ssot_probe.wire.registry import METRICS

_METRIC = {metric.name: metric for metric in METRICS}


class Counts(NamedTuple):
    """The counters of one process, since it was armed."""

    imports: Mapping[tuple[str, str], int]  # (module, outcome) -> executed imports
    creations: Mapping[tuple[str, str], int]  # (class, concept) -> instances
    shared: Mapping[tuple[str, str], int]  # (class, concept) -> instances with several users
    findings: Mapping[tuple[str, str], int]  # (code, severity) -> findings
    live: int
    dropped: Mapping[str, int]  # reason -> records
    exported: int
    seconds: float
    looks: Mapping[str, int] = MappingProxyType({})  # trigger -> looks at shared references
    looked_at: int = 0  # objects
    pause: float = 0.0  # seconds that a look kept the interpreter to itself at most
    uses: Mapping[tuple[str, str], int] = MappingProxyType({})  # (watched path, rung) -> uses


def points(policy: Policy, counts: Counts) -> list[MetricPoint]:
    """Return one point per metric and set of attributes. A watched path without imports has an explicit 0."""
    found = [*_imports(policy, counts.imports), *_uses(policy, counts.uses)]
    by_name = (("ssot.instance.creations", counts.creations), ("ssot.instance.shared", counts.shared))
    for name, by_class in by_name:
        for (cls, concept), count in by_class.items():
            attributes = {"ssot.instance.type": cls, "ssot.concept.name": concept}
            found.append(MetricPoint(_METRIC[name], attributes, count))
    findings = {("SSOT301", "error"): 0, ("SSOT303", "error"): 0, **counts.findings}
    for (code, severity), count in findings.items():
        attributes = {"ssot.finding.code": code, "ssot.finding.severity": severity}
        found.append(MetricPoint(_METRIC["ssot.findings"], attributes, count))
    for trigger, count in ({"end": 0} | dict(counts.looks)).items():
        found.append(MetricPoint(_METRIC["ssot.references.looks"], {"ssot.look.trigger": trigger}, count))
    found.append(MetricPoint(_METRIC["ssot.references.objects"], {}, counts.looked_at))
    found.append(MetricPoint(_METRIC["ssot.references.pause"], {}, counts.pause))
    for reason, count in (counts.dropped or {"none": 0}).items():
        found.append(MetricPoint(_METRIC["ssot.probe.dropped"], {"error.type": reason}, count))
    found.append(MetricPoint(_METRIC["ssot.instance.live"], {}, counts.live))
    found.append(MetricPoint(_METRIC["ssot.probe.exported"], {}, counts.exported))
    found.append(MetricPoint(_METRIC["ssot.probe.observed.duration"], {}, counts.seconds))
    return found


def _imports(policy: Policy, imports: Mapping[tuple[str, str], int]) -> Iterator[MetricPoint]:
    metric = _METRIC["ssot.imports"]
    watched = named_modules(policy)
    for name in watched:
        for outcome in ("loaded", "cached"):
            yield MetricPoint(
                metric,
                {"ssot.import.name": name, "ssot.import.outcome": outcome},
                sum(
                    count
                    for (module, seen), count in imports.items()
                    if seen == outcome and is_within(module, name)
                ),
            )


def _uses(policy: Policy, uses: Mapping[tuple[str, str], int]) -> Iterator[MetricPoint]:
    metric = _METRIC["ssot.path.uses"]
    for path in watched_paths(policy):
        for rung in RUNGS:
            attributes = {"ssot.path.name": path, "ssot.path.rung": rung}
            yield MetricPoint(metric, attributes, uses.get((path, rung), 0))
