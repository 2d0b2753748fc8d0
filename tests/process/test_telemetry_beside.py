"""Telemetry beside the application's own OpenTelemetry, and with very many users."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.children import Run, copy_program, run
from support.collector import Collector, running_collector

from ssot_probe.model.records import ImportRecord, MakeRecord, SharingRecord


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_program("sharing", tmp_path_factory.mktemp("program"))


def sent(program: Path, tmp_path: Path, *command: str, **environment: str) -> tuple[Run, Collector]:
    with running_collector() as collector:
        done = run(
            program,
            *command,
            environment={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, **environment},
            recordings=tmp_path / "recordings",
        ).checked()
    return done, collector


def test_findings_are_sent_whatever_the_application_samples(program: Path, tmp_path: Path) -> None:
    done, collector = sent(program, tmp_path, "traced.py", OTEL_TRACES_SAMPLER="always_off")
    assert done.said["tree"] == []
    assert any(isinstance(record, SharingRecord) for record in collector.records)
    assert sorted(map(repr, collector.records)) == sorted(map(repr, done.records))


def test_limits_and_batches_of_the_applications_spans_are_not_those_of_ours(
    program: Path, tmp_path: Path
) -> None:
    limits = {
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1",
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "3",
        "OTEL_SPAN_LINK_COUNT_LIMIT": "0",
        "OTEL_BSP_MAX_QUEUE_SIZE": "1",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "1",
        "OTEL_METRIC_EXPORT_INTERVAL": "1",
    }
    done, collector = sent(program, tmp_path, "main.py", "0.5", **limits)
    assert sorted(map(repr, collector.records)) == sorted(map(repr, done.records))


def test_neither_the_sending_thread_nor_the_sdk_is_seen_as_anybody(program: Path, tmp_path: Path) -> None:
    done, _ = sent(program, tmp_path, "main.py", "1.5")
    sites = [record.site for record in done.of(MakeRecord)]
    sites += [record.site for record in done.of(ImportRecord)]
    assert sites
    assert {site.module.partition(".")[0] for site in sites} <= {"", "__main__", "chat"}
    assert {getattr(record, "thread", "") for record in done.records} == {"", "MainThread"}


LOOKS = "ssot.references.looks"
MANY = """
import sys, time
import chat
for number in range(int(sys.argv[1])):
    chat.get_manager(f"user-{number}")
    chat.new_manager(f"user-{number}")
    if not number % 100:
        time.sleep(0.005)
"""


def test_ten_thousand_users_have_as_many_metric_points_as_ten(program: Path, tmp_path: Path) -> None:
    (program / "many.py").write_text(MANY)
    counts = []
    for users in ("10", "10000"):
        _, collector = sent(program, tmp_path / users, "many.py", users)
        counts.append(points_of_the_last_message(collector))
    assert counts[0] == counts[1]


def points_of_the_last_message(collector: Collector) -> dict[str, int]:
    """Return how many points each metric has; of why something was lost or looked at there are a few."""
    (resource,) = collector.metrics[-1].resource_metrics
    (scope,) = resource.scope_metrics
    found = {metric.name: len(metric.sum.data_points) for metric in scope.metrics}
    return {name: count for name, count in found.items() if name not in ("ssot.probe.dropped", LOOKS)}
