"""OTLP to a real receiver: what arrives, what is lost when nobody answers, what the application notices."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from support.children import Run, copy_program, run
from support.collector import Collector, running_collector

from ssot_probe.model.records import AccessRecord, ProcessRecord, SharingRecord
from ssot_probe.wire.registry import METRICS
from ssot_probe.wire.spans import from_span

PATIENCE = 4.0
"""Seconds by which a process may end later than without the probe: two, and what a busy machine adds."""


class Delivery(NamedTuple):
    """A run of the program, and what the collector has of it."""

    run: Run
    collector: Collector


def send(directory: Path, endpoint: str, *command: str, probe: bool = True) -> Run:
    return run(
        directory,
        *command,
        environment={"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint},
        recordings=directory / f"recordings-{os.urandom(4).hex()}",
        probe=probe,
    )


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_program("sharing", tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="module", params=["0", "0.5"], ids=["ends at once", "runs a while"])
def delivery(program: Path, request: pytest.FixtureRequest) -> Iterator[Delivery]:
    """A program that ends before the probe's thread first wakes up, and one that runs longer."""
    with running_collector() as collector:
        yield Delivery(send(program, collector.endpoint, "main.py", request.param).checked(), collector)


def test_everything_in_the_file_arrives_and_says_the_same(delivery: Delivery) -> None:
    assert sorted(map(repr, delivery.collector.records)) == sorted(map(repr, delivery.run.records))
    assert not delivery.run.losses


def test_a_span_is_the_same_in_the_file_and_over_the_network(delivery: Delivery) -> None:
    (process,) = delivery.run.processes
    arrived = sorted(delivery.collector.spans, key=lambda pair: pair[1].span_id)
    assert [span for _, span in arrived] == sorted(process.spans, key=lambda span: span.span_id)
    assert {resource["service.instance.id"] for resource, _ in arrived} == {process.instance}


def test_the_finding_links_to_the_first_accesses_of_its_users(delivery: Delivery) -> None:
    spans = [span for _, span in delivery.collector.spans]
    accesses = {
        (span.trace_id, span.span_id): record
        for span in spans
        for record in from_span(span)
        if isinstance(record, AccessRecord)
    }
    (finding,) = (span for span in spans if span.name == "ssot.finding")
    (shared,) = (record for record in from_span(finding) if isinstance(record, SharingRecord))
    linked = [accesses[link] for link in finding.links]
    assert [access.user for access in linked] == list(shared.users)
    assert {access.instance for access in linked} == {shared.instance}
    assert finding.error
    assert finding.attributes["ssot.finding.code"] == "SSOT301"


def test_metrics_arrive_too(delivery: Delivery) -> None:
    assert delivery.collector.metric_names <= {metric.name for metric in METRICS}
    assert {"ssot.findings", "ssot.instance.shared", "ssot.probe.dropped"} <= delivery.collector.metric_names
    assert set(delivery.collector.paths) == {"/v1/traces", "/v1/metrics"}


@pytest.fixture(scope="module")
def without_probe(program: Path) -> Run:
    return send(program, "http://127.0.0.1:9", "main.py", probe=False)


@pytest.mark.parametrize("seconds", ["0", "0.5"])
@pytest.mark.parametrize("failure", ["refuses", "hangs", "is unavailable", "rejects"])
def test_a_collector_that_fails_delays_the_end_by_two_seconds_at_most_and_the_file_says_what_was_lost(
    program: Path, without_probe: Run, failure: str, seconds: str
) -> None:
    status = {"refuses": 200, "hangs": 0, "is unavailable": 503, "rejects": 400}[failure]
    with running_collector(status) as collector:
        endpoint = f"http://127.0.0.1:{unused_port()}" if failure == "refuses" else collector.endpoint
        done = send(program, endpoint, "main.py", seconds).checked()
    assert done.stdout == without_probe.stdout
    assert done.seconds - float(seconds) - without_probe.seconds < PATIENCE
    last = done.of(ProcessRecord)[-1]
    assert last.state == "stopped"
    reason = "export_refused" if failure == "rejects" else "export_failed"
    assert done.losses == {reason: len(done.records) - 1}  # all but the one that says so


def test_the_trace_tree_of_the_application_is_what_it_is_without_the_probe(program: Path) -> None:
    with running_collector() as collector:
        observed = send(program, collector.endpoint, "traced.py").checked()
        plain = send(program, collector.endpoint, "traced.py", probe=False).checked()
    assert observed.said["tree"] == plain.said["tree"]
    assert plain.said["marks"] == {}
    assert observed.said["marks"] == {
        "handler bert": {
            "ssot.finding.code": "SSOT301",
            "ssot.finding.severity": "error",
            "ssot.concept.name": "manager",
            "ssot.instance.type": "chat:SharedManager",
        }
    }


def test_the_finding_links_to_the_span_of_the_request_that_it_was_found_in(program: Path) -> None:
    with running_collector() as collector:
        done = send(program, collector.endpoint, "traced.py").checked()
    (finding,) = (span for _, span in collector.spans if span.name == "ssot.finding")
    trace_id, span_id = done.said["ids"]["handler bert"]
    assert finding.links[-1] == (trace_id, span_id)
    requests = {record.request for record in collector.records if isinstance(record, AccessRecord)}
    assert requests == {done.said["ids"][name][0] for name in ("request anna", "request bert")}


LOADED = """
import json, sys, time
import chat
chat.get_manager("anna")
time.sleep(0.5)
tops = {name.partition(".")[0] for name in sys.modules}
print(json.dumps(sorted(tops & {"grpc", "opentelemetry", "google", "requests", "urllib3"})))
"""


def test_nothing_of_a_network_is_imported_where_only_files_are_written(program: Path) -> None:
    (program / "loaded.py").write_text(LOADED)
    assert run(program, "loaded.py").checked().said == []


def test_sending_by_http_does_not_import_grpc(program: Path) -> None:
    (program / "loaded.py").write_text(LOADED)
    with running_collector() as collector:
        loaded = send(program, collector.endpoint, "loaded.py").checked().said
    assert "opentelemetry" in loaded
    assert "grpc" not in loaded


def test_a_switched_off_sdk_sends_nothing_but_files_are_written(program: Path) -> None:
    with running_collector() as collector:
        done = run(
            program,
            "main.py",
            environment={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_SDK_DISABLED": "true"},
        ).checked()
    assert not collector.paths
    assert done.of(SharingRecord)


def test_no_user_id_leaves_the_process(program: Path, delivery: Delivery) -> None:
    sent = b"".join(message.SerializeToString() for message in delivery.collector.traces)
    assert b"chat" in sent
    for user in (b"anna", b"bert", b"carl"):
        assert user not in sent


def unused_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
