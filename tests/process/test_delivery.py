"""Collectors that refuse, are overloaded or hard to reach: no record is lost uncounted, nobody is hurt."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.children import Run, copy_program, run
from support.collector import Collector, Reply, partial, running_collector, running_grpc_collector

from ssot_probe.model.records import ProcessRecord

SERVES = """
import logging, sys, time
logging.basicConfig(level=logging.DEBUG, format="%(name)s %(levelname)s %(message)s")
import chat
end = time.monotonic() + float(sys.argv[1])
number = 0
while time.monotonic() < end:
    number += 1
    chat.get_manager(f"user-{number}")
    chat.new_manager(f"user-{number}")
    time.sleep(0.05)
logging.getLogger("app").info("done")
"""
"""Says on standard error all that anybody logs."""

DONE = "app INFO done"
C_LOG = re.compile(r"[IWE]\d{4} .*\.cc:\d+\]")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = copy_program("sharing", tmp_path_factory.mktemp("program"))
    (directory / "serves.py").write_text(SERVES)
    return directory


def serve(program: Path, tmp_path: Path, environment: Mapping[str, str], seconds: float = 1.5) -> Run:
    recordings = tmp_path / "recordings"
    done = run(program, "serves.py", str(seconds), environment=environment, recordings=recordings)
    assert done.code == 0, done.stderr
    return done


def unaccounted(done: Run, *collectors: Collector) -> int:
    """Return how many records have neither arrived nor are said to be lost."""
    arrived = sum(len(collector.records) - collector.rejected for collector in collectors)
    states = [record.state for record in done.of(ProcessRecord)]
    told_afterwards = states.count("stopped") - 1  # of what was lost at the very end only the file can tell
    return len(done.records) - told_afterwards - arrived - sum(done.losses.values())


def lines(done: Run) -> list[str]:
    """Return what the application's log has besides the application's own line.

    What gRPC's library of C writes to standard error on its own, nobody can turn off from within the process;
    and old versions of graphviz, which objgraph loads, tell at length what they will change.
    """
    found = [line for line in done.stderr.splitlines() if line != DONE and not C_LOG.match(line)]
    return [line for line in found if not line.startswith("graphviz.")]


Receiver = Callable[[], AbstractContextManager[Collector]]


class Case(NamedTuple):
    """A Collector that does not do what it should."""

    receiver: Receiver
    reason: str  # by which records are lost
    told: str  # what the line in the log says


def over_http(*replies: Reply) -> Receiver:
    """Return what runs a Collector that gives these answers, and the last one from then on."""
    return lambda: running_collector(reply=lambda number: replies[min(number, len(replies)) - 1])


def over_grpc(*replies: Reply, most_bytes: int = 4 << 20) -> Receiver:
    def reply(number: int) -> Reply:
        return replies[min(number, len(replies)) - 1]

    return lambda: running_grpc_collector(reply, most_bytes)


RETRY_INFO: Any = b"\x0a\x03\x08\x90\x1c"  # of google.rpc.RetryInfo: 3600 seconds
WEB_PAGE = Reply(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Welcome</html>")

CASES = {
    "a request that it cannot read": Case(over_http(Reply(400)), "export_refused", "status 400"),
    "a header that is missing": Case(over_http(Reply(401)), "export_refused", "status 401"),
    "a path that it does not know": Case(over_http(Reply(404)), "export_refused", "status 404"),
    "requests that are always too large": Case(over_http(Reply(413)), "export_refused", "status 413"),
    "another address": Case(
        over_http(Reply(308, {"Location": "https://127.0.0.1:9/v1/traces"})), "export_refused", "status 308"
    ),
    "a web page": Case(over_http(WEB_PAGE), "export_refused", "web page"),
    "a part that it rejects": Case(over_http(partial(1)), "export_refused", "spans rejected: 1"),
    "an error of its own": Case(over_http(Reply(500)), "export_refused", "status 500"),
    "too many requests": Case(over_http(Reply(429, {"Retry-After": "3600"})), "export_failed", "status 429"),
    "no service now": Case(over_http(Reply(503)), "export_failed", "status 503"),
    "a part that it rejects, over gRPC": Case(over_grpc(partial(1)), "export_refused", "spans rejected: 1"),
    "no authentication, over gRPC": Case(over_grpc(Reply(16)), "export_refused", "UNAUTHENTICATED"),
    "no service now, over gRPC": Case(over_grpc(Reply(14)), "export_failed", "UNAVAILABLE"),
    "too little room, over gRPC": Case(over_grpc(Reply(8)), "export_refused", "RESOURCE_EXHAUSTED"),
    "too many requests, over gRPC": Case(
        over_grpc(Reply(8, {"google.rpc.retryinfo-bin": RETRY_INFO})),
        *("export_failed", "RESOURCE_EXHAUSTED"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_not_taken_is_counted_and_an_outage_is_one_line_of_the_log(
    program: Path, tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    with case.receiver() as collector:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
        if "gRPC" in name:
            environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc"
        done = serve(program, tmp_path, environment)
    assert unaccounted(done, collector) == 0
    assert set(done.losses) == {case.reason}
    (line,) = lines(done)
    assert line.startswith("ssot_probe WARNING ssot-probe: the Collector ")
    assert case.told in line


def test_a_collector_that_wants_to_be_left_alone_is(program: Path, tmp_path: Path) -> None:
    with running_collector(reply=lambda number: Reply(429, {"Retry-After": "3600"})) as collector:
        serve(program, tmp_path, {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint})
    assert collector.asked == 1


def test_a_request_that_is_too_large_is_sent_in_parts(program: Path, tmp_path: Path) -> None:
    with running_collector(most_bytes=4_000) as collector:
        done = serve(program, tmp_path, {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint})
    assert collector.too_large
    assert unaccounted(done, collector) == 0
    assert not done.losses
    assert lines(done) == []


@pytest.mark.parametrize("over", ["http", "grpc"])
def test_what_a_collector_cannot_take_for_a_while_arrives_when_it_can(
    program: Path, tmp_path: Path, over: str
) -> None:
    if over == "http":
        receiver = over_http(Reply(503), Reply(429, {"Retry-After": "1"}), Reply(502), Reply())
    else:
        receiver = over_grpc(Reply(14), Reply(14), Reply(4), Reply())
    with receiver() as collector:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
        if over == "grpc":
            environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc"
        done = serve(program, tmp_path, environment, seconds=6)
    assert unaccounted(done, collector) == 0
    assert not done.losses
    assert len(lines(done)) == 1


@pytest.mark.parametrize("over", ["http", "grpc"])
def test_a_collector_that_is_started_late_gets_everything(program: Path, tmp_path: Path, over: str) -> None:
    port = unused_port()
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}"}
    if over == "grpc":
        environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc"
    found: list[Run] = []
    service = threading.Thread(target=lambda: found.append(serve(program, tmp_path, environment, seconds=8)))
    service.start()
    service.join(2.5)
    receiver = running_collector if over == "http" else running_grpc_collector
    with receiver(port=port) as collector:
        service.join()
    (done,) = found
    assert unaccounted(done, collector) == 0
    assert not done.losses
    assert len(lines(done)) == 1


SETTINGS = {
    "an endpoint without a scheme": ("127.0.0.1:{port}", "InvalidSchema"),
    "an endpoint that is nonsense": ("nonsense", "MissingSchema"),
    "an endpoint with a port that is none": ("http://127.0.0.1:port", "InvalidURL"),
    "TLS where none is spoken": ("https://127.0.0.1:{port}", "SSLError"),
    "TLS where none is spoken, over gRPC": ("https://127.0.0.1:{port}", "UNAVAILABLE"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_is_wrong_loses_all_counted(program: Path, tmp_path: Path, name: str) -> None:
    endpoint, told = SETTINGS[name]
    with running_grpc_collector() if "gRPC" in name else running_collector() as collector:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint.format(port=collector.port)}
        if "gRPC" in name:
            environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc"
        done = serve(program, tmp_path, environment, seconds=2.5)
    assert not collector.records
    assert unaccounted(done) == 0
    (line,) = lines(done)
    assert told in line


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed; its key lies beside it."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate, and is not here")
    path = tmp_path_factory.mktemp("certificate") / "own.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{path}.key", "-out", str(path)]
    subprocess.run(command, capture_output=True, check=True)
    return path


@contextmanager
def secured(certificate: Path) -> Iterator[Collector]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    with running_collector(tls=context) as collector:
        yield collector


def test_a_certificate_that_nobody_has_signed_is_refused_and_all_is_counted(
    program: Path, tmp_path: Path, certificate: Path
) -> None:
    with secured(certificate) as collector:
        endpoint = collector.endpoint.replace("http:", "https:")
        done = serve(program, tmp_path, {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, seconds=2.5)
    assert not collector.paths
    assert unaccounted(done) == 0
    (line,) = lines(done)
    assert "SSLError" in line


@pytest.mark.parametrize("is_there", [True, False])
def test_a_certificate_that_the_environment_names_is_trusted(
    program: Path, tmp_path: Path, certificate: Path, is_there: bool
) -> None:
    with secured(certificate) as collector:
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint.replace("http:", "https:"),
            "OTEL_EXPORTER_OTLP_CERTIFICATE": str(certificate) + ("" if is_there else ".missing"),
        }
        done = serve(program, tmp_path, environment, seconds=2.5)
    assert unaccounted(done, collector) == 0
    assert set(done.losses) == (set() if is_there else {"export_failed"})
    assert len(lines(done)) == (0 if is_there else 1)


PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "grpc_proxy")


@pytest.mark.parametrize("over", ["http/protobuf", "grpc"])
def test_no_proxy_stands_before_a_collector_on_the_same_host(
    program: Path, tmp_path: Path, over: str
) -> None:
    with running_grpc_collector() if over == "grpc" else running_collector() as collector:
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": over,
            **dict.fromkeys(PROXIES, f"http://127.0.0.1:{unused_port()}"),
        }
        done = serve(program, tmp_path, environment)
    assert unaccounted(done, collector) == 0
    assert not done.losses
    assert lines(done) == []


def test_a_proxy_stands_before_a_collector_elsewhere(program: Path, tmp_path: Path) -> None:
    with running_collector() as proxy:
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.invalid:4318",
            "HTTP_PROXY": proxy.endpoint,
        }
        done = serve(program, tmp_path, environment)
    assert set(proxy.paths) == {f"http://collector.invalid:4318/v1/{name}" for name in ("traces", "metrics")}
    assert unaccounted(done, proxy) == 0
    assert not done.losses


def test_a_collector_that_no_proxy_names_is_reached_past_the_proxy(program: Path, tmp_path: Path) -> None:
    with running_collector() as proxy:
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.invalid:4318",
            "HTTP_PROXY": proxy.endpoint,
            "NO_PROXY": "collector.invalid",
        }
        done = serve(program, tmp_path, environment, seconds=2.5)
    assert not proxy.paths
    assert unaccounted(done) == 0
    assert len(lines(done)) == 1


PATIENCE = 4.0
"""Seconds by which a process may end later than without the probe: two, and what a busy machine adds."""


@pytest.mark.parametrize("seconds", ["0", "1"])
@pytest.mark.parametrize("failure", ["refuses", "hangs"])
def test_a_collector_of_grpc_that_fails_delays_the_end_by_two_seconds_at_most(
    program: Path, tmp_path: Path, failure: str, seconds: str
) -> None:
    plain = run(program, "main.py", seconds, probe=False)
    with running_grpc_collector(lambda number: Reply(0)) as collector:
        port = collector.port if failure == "hangs" else unused_port()
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        }
        done = run(
            program, "main.py", seconds, environment=environment, recordings=tmp_path / "recordings"
        ).checked()
    assert done.seconds - plain.seconds < PATIENCE
    assert unaccounted(done) == 0


def unused_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
