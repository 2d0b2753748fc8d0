"""Two real Collectors: one beside the service, and the gateway of the fleet that it sends on to."""

from __future__ import annotations

import json
import resource
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from services.test_collector_outages import (
    FILES,
    IMPATIENT,
    POLICY,
    Service,
    recorded,
    said,
    settings,
    verdict,
    wait_for_giving_up,
)
from support.children import write_files
from support.real_collector import AGENT, GATEWAY, RealCollector, binary

OPENSSL = shutil.which("openssl")

pytestmark = [
    pytest.mark.timeout(300),  # where others use the machine
    pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed: there are no certificates"),
]

AT_ONCE = {
    "exporters": {
        "otlp_http/gateway": {
            "sending_queue": {"batch": {"flush_timeout": "100ms"}},
            "retry_on_failure": {"initial_interval": "100ms", "max_interval": "300ms"},
        }
    }
}
TOKEN = "token-of-the-fleet"


class Fleet:
    """A gateway and one host's Collector; neither runs yet."""

    def __init__(self, directory: Path, certificate: Path, key: Path) -> None:
        (directory / "token").write_text(TOKEN)
        (directory / "wrong").write_text("token-of-somebody")
        self.gateway = RealCollector(
            binary(),
            directory / "gateway",
            overlays=(GATEWAY,),
            environment={
                "SSOT_OTEL_LISTEN": "127.0.0.1",
                "SSOT_OTEL_TLS_CERT": str(certificate),
                "SSOT_OTEL_TLS_KEY": str(key),
                "SSOT_OTEL_TOKEN_FILE": str(directory / "token"),
            },
        )
        self._directory = directory
        self._certificate = certificate
        self.agent = self.make_agent("token")

    def make_agent(self, token: str) -> RealCollector:
        return RealCollector(
            binary(),
            self._directory / f"agent-{token}",
            overlays=(AGENT,),
            more=AT_ONCE,
            environment={
                "SSOT_OTEL_GATEWAY": f"https://localhost:{self.gateway.ports.http}",
                "SSOT_OTEL_TLS_CA": str(self._certificate),
                "SSOT_OTEL_TOKEN_FILE": str(self._directory / token),
            },
        )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    directory = tmp_path_factory.mktemp("certificate")
    files = directory / "gateway.pem", directory / "gateway-key.pem"
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    command = [
        str(OPENSSL),
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    subprocess.run(
        [*command, "-days", "2", *names, "-out", str(files[0]), "-keyout", str(files[1])],
        check=True,
        capture_output=True,
    )
    return files


@pytest.fixture
def fleet(tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[Fleet]:
    made = Fleet(tmp_path, *certificate)
    yield made
    made.agent.kill()
    made.gateway.kill()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    write_files(tmp_path / "shop", FILES | {"ssot-probe.toml": POLICY})
    return tmp_path / "shop"


def findings(directory: Path) -> tuple[Any, Any]:
    view = said("report", directory)
    return view["findings"], (view["evidence"]["records"], view["evidence"]["complete"])


def test_what_waits_for_the_gateway_survives_the_death_of_the_collector_beside_the_service(
    fleet: Fleet, program: Path
) -> None:
    fleet.agent.start()
    service = Service(program, settings(fleet.agent))
    service.serve("anna")
    service.serve("old")
    service.end()
    fleet.agent.kill()
    assert not fleet.gateway.received.exists()

    fleet.gateway.start()
    fleet.agent.start()

    local = findings(service.recordings)
    fleet.gateway.wait_for(
        lambda: fleet.gateway.lines() and findings(fleet.gateway.received) == local, "all has arrived"
    )
    assert verdict(fleet.gateway.received) == ("LIVE", 0)
    assert fleet.gateway.warnings() == []
    assert not list(fleet.agent.received.glob("traces*"))


def test_a_gateway_takes_nothing_from_those_who_do_not_know_the_token(fleet: Fleet) -> None:
    fleet.gateway.start()
    request = urllib.request.Request(
        f"https://localhost:{fleet.gateway.ports.http}/v1/traces",
        data=json.dumps({"resourceSpans": []}).encode(),
        headers={"Content-Type": "application/json", "Authorization": "Bearer another"},
    )
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.build_opener(*handlers).open(request, timeout=10)
    refused.value.close()

    assert refused.value.code == 401


def test_what_a_gateway_refuses_is_told_by_the_collector_beside_the_service(
    fleet: Fleet, program: Path
) -> None:
    fleet.gateway.start()
    agent = fleet.make_agent("wrong")
    try:
        agent.start()
        service = Service(program, settings(agent))
        service.serve("anna")
        service.end()
        agent.wait_for(
            lambda: agent.own_metric("otelcol_exporter_send_failed_spans"), "it says that it lost spans"
        )
    finally:
        agent.kill()
    assert not (fleet.gateway.received / "traces.jsonl").exists()


def test_what_finds_no_room_in_the_queue_is_sent_again_or_told_by_the_probe(
    fleet: Fleet, program: Path
) -> None:
    """The gateway is gone, and the disk of the host is full."""
    fleet.agent.start()
    before = resource.prlimit(fleet.agent.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(fleet.agent.pid, resource.RLIMIT_FSIZE, (40_000, before[1]))
    service = Service(program, settings(fleet.agent, **IMPATIENT))
    service.serve("anna", 300)
    wait_for_giving_up()
    resource.prlimit(fleet.agent.pid, resource.RLIMIT_FSIZE, before)
    service.serve("old")
    service.end()
    fleet.gateway.start()
    fleet.gateway.wait_for(lambda: "stopped" in fleet.gateway.text(), "the last word has arrived")

    local, (received, dropped) = recorded(service.recordings), recorded(fleet.gateway.received)
    assert received + dropped >= local[0]
    assert fleet.agent.own_metric("otelcol_exporter_enqueue_failed_spans") > 0
