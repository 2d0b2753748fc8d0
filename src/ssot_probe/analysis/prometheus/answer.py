"""Reads what `/api/v1/query` of a Prometheus returns, to our question or to one of a user's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ssot_probe.analysis.prometheus import question
from ssot_probe.analysis.prometheus.fleet_counts import FleetCounts, FleetProcess, UseCount, Watchers
from ssot_probe.errors import PrometheusError

NANOSECONDS = 1_000_000_000

LARGEST = 1e15
"""More than any count or time is; what is no number at all is not below it either."""

LONGEST_QUOTE = 160

_OF_RANGES = {
    "matrix": "a range: ask /api/v1/query, without a range behind the expression, not /api/v1/query_range",
    "scalar": "a number without labels",
    "string": "a string",
}

_KINDS = (
    question.OF_USES,
    question.OF_IMPORTS,
    question.OF_DROPPED,
    question.OF_PROCESSES,
    question.OF_WATCHERS,
    question.OF_OLDEST,
)


class _Sample(NamedTuple):
    labels: Mapping[str, str]
    time: float
    value: float


def read_answer(text: str, source: str) -> FleetCounts:
    """Return what an answer counts.

    Samples without the label of our question are taken for uses, where they name a path: such as an answer to
    the queries of docs/prometheus.md.

    Args:
        text: JSON.
        source: where it comes from, without secrets.

    Raises:
        PrometheusError: it is no answer, an incomplete one, or one to another question.
    """
    samples = list(_samples(_result(text, source), source))
    if not samples:
        raise PrometheusError(
            f"{source}: has no series of {question.USES} in that time: is it the Prometheus that scrapes the "
            "Collector, and does the probe send to it?"
        )
    by_kind: dict[str, list[_Sample]] = {kind: [] for kind in _KINDS}
    for sample in samples:
        by_kind[_kind(sample, source)].append(sample)
    uses = by_kind[question.OF_USES]
    zeros = {
        Watchers(sample.labels[question.PATH], *_service(sample), 0) for sample in uses if not sample.value
    }
    return FleetCounts(
        source=source,
        asked_at=int(min(sample.time for sample in samples) * NANOSECONDS),
        uses=tuple(sorted(_counts(uses, question.PATH))),
        imports=tuple(sorted(_counts(by_kind[question.OF_IMPORTS], question.MODULE))),
        watchers=tuple(sorted({*zeros, *map(_watchers, by_kind[question.OF_WATCHERS])})),
        processes=tuple(sorted(set(map(_process, by_kind[question.OF_PROCESSES])))),
        lossy=tuple(sorted({_process(sample) for sample in by_kind[question.OF_DROPPED] if sample.value})),
        oldest=int(min((sample.value for sample in by_kind[question.OF_OLDEST]), default=0) * NANOSECONDS),
    )


def error_in(text: str) -> str:
    """Return what Prometheus says of a question that it refused; "" where it says nothing."""
    try:
        answer = json.loads(text)
    except ValueError:
        return ""
    said = answer.get("error") if isinstance(answer, dict) else None
    return plain(str(said)) if said else ""


def plain(text: str) -> str:
    """Return the beginning of what somebody else said, on one line and without what acts on a terminal."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:LONGEST_QUOTE]


def _result(text: str, source: str) -> list[Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        quoted = plain(text[:LONGEST_QUOTE])
        raise PrometheusError(
            f"{source}: found {quoted!r}, expected the JSON that /api/v1/query of a Prometheus returns"
        ) from error
    status = answer.get("status") if isinstance(answer, dict) else None
    if status == "error":
        raise PrometheusError(f"{source}: answered with an error: {error_in(text) or 'no reason given'}")
    data = answer.get("data") if status == "success" else None
    if not isinstance(data, dict):
        raise PrometheusError(
            f'{source}: is no answer of /api/v1/query, which begins with {{"status":"success"}}'
        )
    warnings = answer.get("warnings")
    if warnings:
        first = warnings[0] if isinstance(warnings, list) else warnings
        raise PrometheusError(f"{source}: says that its answer may be incomplete: {plain(str(first))}")
    kind, result = data.get("resultType"), data.get("result")
    if kind != "vector" or not isinstance(result, list):
        found = _OF_RANGES.get(str(kind), f"a result of the type {plain(repr(kind))}")
        raise PrometheusError(f"{source}: found {found}; expected a vector")
    return result


def _samples(result: list[Any], source: str) -> Iterator[_Sample]:
    for each in result:
        try:
            labels, (time, value) = each["metric"], each["value"]
            sample = _Sample(
                {str(name): str(text) for name, text in labels.items()}, float(time), float(value)
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            quoted = json.dumps(each)[:LONGEST_QUOTE]
            raise PrometheusError(
                f"{source}: found {quoted} among the samples, expected labels and one value"
            ) from error
        if not (0 <= sample.value <= LARGEST and 0 <= sample.time <= LARGEST):
            raise PrometheusError(
                f"{source}: found the value {plain(str(value))} of {_named(sample)}, which is no count"
            )
        yield sample


def _kind(sample: _Sample, source: str) -> str:
    kind = sample.labels.get(question.KIND)
    needed = {question.OF_USES: question.PATH, question.OF_IMPORTS: question.MODULE}
    if kind is None and question.PATH in sample.labels:
        return question.OF_USES
    if kind is None and question.MODULE in sample.labels:
        return question.OF_IMPORTS
    if kind not in _KINDS or needed.get(kind, question.KIND) not in sample.labels:
        raise PrometheusError(
            f"{source}: found a series {_named(sample)}, expected the label {question.PATH}: "
            "docs/prometheus.md has the question to ask"
        )
    return kind


def _counts(samples: list[_Sample], name: str) -> Iterator[UseCount]:
    for sample in samples:
        if sample.value:
            count = max(1, round(sample.value))
            yield UseCount(sample.labels[name], sample.labels.get(question.RUNG, ""), _process(sample), count)


def _watchers(sample: _Sample) -> Watchers:
    return Watchers(sample.labels.get(question.PATH, ""), *_service(sample), round(sample.value))


def _service(sample: _Sample) -> tuple[str, str]:
    return sample.labels.get(question.SERVICE, ""), sample.labels.get(question.ENVIRONMENT, "")


def _process(sample: _Sample) -> FleetProcess:
    label = sample.labels.get
    identity = label(question.EXPORTED_INSTANCE, "") or label(question.INSTANCE, "")
    return FleetProcess(
        identity,
        *_service(sample),
        label(question.ROLE, ""),
        label(question.HOST, ""),
        label(question.PID, ""),
    )


def _named(sample: _Sample) -> str:
    return (
        ", ".join(f"{name}={text!r}" for name, text in sorted(sample.labels.items()))[:LONGEST_QUOTE] or "{}"
    )
