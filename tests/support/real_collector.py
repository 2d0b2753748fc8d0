"""The OpenTelemetry Collector that `make collector` builds, run with the repository's own configuration."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple, Optional

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIGURATION = "collector-config.yaml"
AGENT, GATEWAY = "collector-agent.yaml", "collector-gateway.yaml"
CLICKHOUSE = "collector-clickhouse.yaml"
KEY = "a key for tests that is long enough"

NOT_BUILT = "the OpenTelemetry Collector is not built; `make collector` builds it (it needs Go)"


def binary() -> str:
    """Return the path of the Collector; skip the test where there is none, or fail where one is required.

    SSOT_PROBE_COLLECTOR names a binary, SSOT_PROBE_REQUIRE_COLLECTOR=1 says that one is required.
    """
    named = os.environ.get("SSOT_PROBE_COLLECTOR")
    if named:
        return named
    asked = subprocess.run(
        [sys.executable, str(CHECKOUT / "collector" / "build.py"), "--path"],
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        if os.environ.get("SSOT_PROBE_REQUIRE_COLLECTOR", "0") not in ("", "0"):
            pytest.fail(NOT_BUILT)
        pytest.skip(NOT_BUILT)
    return asked.stdout.strip()


class Ports(NamedTuple):
    """Where a Collector listens on 127.0.0.1."""

    http: int
    grpc: int
    health: int
    prometheus: int
    telemetry: int


class RealCollector:
    """A Collector that can be started, killed and started again; its files and ports stay the same.

    Args:
        binary: its path.
        directory: where its files are.
        overlays: further files of the repository, after the configuration.
        more: configuration on top of all.
        environment: further variables.

    Attributes:
        ports: where it listens.
        received: the directory of what it received.
        log: what it said.
    """

    def __init__(
        self,
        binary: str,
        directory: Path,
        overlays: Sequence[str] = (),
        more: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._binary = binary
        self._directory = directory
        self._overlays = overlays
        self._more = more or {}
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "SSOT_OTEL_OUT": str(directory / "received"),
            "SSOT_OTEL_STATE_DIR": str(directory / "state"),
            "SSOT_OTEL_HMAC_KEY": KEY,
            **(environment or {}),
        }
        self.received = directory / "received"
        self.log = directory / "collector.log"
        self.ports = Ports(*free_ports(len(Ports._fields)))
        self._process: Optional[subprocess.Popen[bytes]] = None

    def endpoint(self, protocol: str = "http/protobuf") -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is set to."""
        return f"http://127.0.0.1:{self.ports.grpc if protocol == 'grpc' else self.ports.http}"

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it takes data."""
        overrides = self._directory / "overrides.yaml"
        overrides.write_text(yaml.safe_dump(_on_ports(self.ports)), encoding="utf-8")
        more = self._directory / "more.yaml"
        more.write_text(yaml.safe_dump(dict(self._more)), encoding="utf-8")
        files = [
            *(str(CHECKOUT / name) for name in (CONFIGURATION, *self._overlays)),
            str(overrides),
            str(more),
        ]
        command = [self._binary]
        for file in files:
            command += ["--config", file]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.wait_for(self._is_ready, "the Collector is ready")

    def stop(self) -> int:
        """End it as an operator does."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """End it at once."""
        return self._end(signal.SIGKILL)

    def wait_for(self, condition: Callable[[], object], what: str, seconds: float = 30) -> None:
        """Wait until the condition holds, or the Collector ends."""
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            if condition():
                return
            if self._process is not None and self._process.poll() is not None:
                raise AssertionError(f"the Collector ended: {self.said()}")
            sleep(0.02)
        raise AssertionError(f"within {seconds:g} s: {what}; it said {self.said()}")

    def said(self) -> str:
        """Return its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def warnings(self) -> list[str]:
        """Return the lines of its log that are more than information."""
        return [line for line in self.said().splitlines() if "\tinfo\t" not in line]

    def text(self) -> str:
        """Return all that it wrote to files, and what it offers to Prometheus."""
        files = sorted(path for path in self.received.rglob("*") if path.is_file())
        return "\n".join([*(path.read_text(encoding="utf-8") for path in files), self.scrape()])

    def lines(self, name: str = "traces.jsonl") -> list[dict[str, Any]]:
        """Return what it wrote to a file, message by message."""
        path = self.received / name
        return (
            [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            if path.exists()
            else []
        )

    def scrape(self, accept: str = "*/*") -> str:
        """Return what it offers to Prometheus, in a form that this takes."""
        return _get(self.ports.prometheus, "/metrics", accept)

    def own_metric(self, name: str) -> float:
        """Return the sum of one of its own metrics over all its labels."""
        found = re.findall(
            rf"^{name}(?:\{{.*\}})? (\S+)$", _get(self.ports.telemetry, "/metrics"), re.MULTILINE
        )
        return sum(map(float, found))

    def post(self, signal_name: str, message: Mapping[str, Any]) -> int:
        """Send a message of OTLP in JSON; return the status."""
        request = urllib.request.Request(
            f"{self.endpoint()}/v1/{signal_name}",
            data=json.dumps(message).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with _opener.open(request, timeout=10) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code

    def _is_ready(self) -> bool:
        try:
            return "available" in _get(self.ports.health, "/")
        except OSError:
            return False

    def _end(self, signum: int) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(signum)
        return process.wait(30)


@contextmanager
def real_collector(directory: Path, **arguments: Any) -> Iterator[RealCollector]:
    """Run a Collector for the length of the block."""
    collector = RealCollector(binary(), directory, **arguments)
    try:
        collector.start()
        yield collector
    finally:
        collector.kill()


def validate(*names: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Let the Collector check files of the repository."""
    command = [binary(), "validate"]
    for name in names:
        command += ["--config", str(CHECKOUT / name)]
    variables = {"PATH": os.environ.get("PATH", os.defpath), "SSOT_OTEL_HMAC_KEY": KEY, **(environment or {})}
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


def _on_ports(ports: Ports) -> dict[str, Any]:
    """Return the configuration that moves everything to these ports."""

    def at(port: int) -> dict[str, str]:
        return {"endpoint": f"127.0.0.1:{port}"}

    reader = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": ports.telemetry}}}}
    return {
        "extensions": {"health_check": at(ports.health)},
        "receivers": {"otlp": {"protocols": {"grpc": at(ports.grpc), "http": at(ports.http)}}},
        "exporters": {"prometheus": at(ports.prometheus)},
        "service": {"telemetry": {"metrics": {"readers": [reader]}}},
    }


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that nobody listens at."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for probing in sockets:
            probing.bind(("127.0.0.1", 0))
        return [int(probing.getsockname()[1]) for probing in sockets]
    finally:
        for probing in sockets:
            probing.close()


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _get(port: int, path: str, accept: str = "*/*") -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept": accept})
    with _opener.open(request, timeout=10) as response:
        return str(response.read().decode())
