"""Debian's Prometheus on a free port: it scrapes the Collector of a test and answers what is asked of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple, Optional

import pytest
import yaml

from support.real_collector import CHECKOUT

RULES = CHECKOUT / "prometheus-rules.yaml"
SCRAPING = CHECKOUT / "prometheus-scrape.yaml"

NOT_INSTALLED = "Prometheus is not installed: Debian's package `prometheus` has it, with promtool"


def program(name: str = "prometheus") -> str:
    """Return the path of a program of Prometheus; skip the test without it, or fail where it is required.

    SSOT_PROBE_REQUIRE_PROMETHEUS=1 says that it is required.
    """
    found = shutil.which(name)
    if found is None:
        if os.environ.get("SSOT_PROBE_REQUIRE_PROMETHEUS", "0") not in ("", "0"):
            pytest.fail(NOT_INSTALLED)
        pytest.skip(NOT_INSTALLED)
    return found


class Sample(NamedTuple):
    """One line of an answer."""

    labels: Mapping[str, str]
    value: float


class RealPrometheus:
    """A Prometheus that scrapes one address several times a second.

    Args:
        directory: where its files are.
        target: "host:port" of what it scrapes.
        honor_labels: keep the labels `job` and `instance` that the target gives; the repository's way.

    Attributes:
        url: where it answers.
    """

    def __init__(self, directory: Path, target: int, honor_labels: bool = True) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._target = f"127.0.0.1:{target}"
        self._honor_labels = honor_labels
        self._port = _free_port()
        self._process: Optional[subprocess.Popen[bytes]] = None
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it and wait until it has scraped once."""
        command = [
            program(),
            f"--config.file={self._configuration()}",
            f"--storage.tsdb.path={self._directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--log.level=warn",
        ]
        with (self._directory / "prometheus.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_for(lambda: self.query("up == 1"), "it has scraped")

    def kill(self) -> None:
        """End it at once."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait(30)

    def wait_for(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        """Wait until the condition holds, or Prometheus ends."""
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            try:
                if condition():
                    return
            except OSError:
                pass  # it does not listen yet
            assert self._process is not None
            if self._process.poll() is not None:
                raise AssertionError(f"Prometheus ended: {self.said()}")
            sleep(0.05)
        raise AssertionError(f"within {seconds:g} s: {what}; it said {self.said()}")

    def said(self) -> str:
        """Return its log."""
        return (self._directory / "prometheus.log").read_text(encoding="utf-8", errors="replace")

    def query(self, expression: str) -> list[Sample]:
        """Return what an instant query answers."""
        answer = json.loads(self.answer(expression))
        assert answer["status"] == "success", answer
        data = answer["data"]
        assert data["resultType"] == "vector", data
        return [Sample(each["metric"], float(each["value"][1])) for each in data["result"]]

    def answer(self, expression: str) -> bytes:
        """Return the answer to an instant query as it comes."""
        return self.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))

    def get(self, path: str) -> bytes:
        """Return what it has below a path."""
        try:
            with _opener.open(self.url + path, timeout=30) as response:
                return bytes(response.read())
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it is starting
                raise
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from error

    def _configuration(self) -> Path:
        """Write the repository's scrape configuration, for this target and in a hurry."""
        (scraping,) = yaml.safe_load(SCRAPING.read_text(encoding="utf-8"))["scrape_configs"]
        scraping["static_configs"] = [{"targets": [self._target]}]
        scraping["honor_labels"] = self._honor_labels
        scraping["scrape_interval"] = scraping["scrape_timeout"] = "300ms"
        rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
        for group in rules["groups"]:
            group["interval"] = "300ms"
        hurried = self._directory / "rules.yaml"
        hurried.write_text(yaml.safe_dump(rules), encoding="utf-8")
        written = self._directory / "prometheus.yaml"
        configuration = {"rule_files": [str(hurried)], "scrape_configs": [scraping]}
        written.write_text(yaml.safe_dump(configuration), encoding="utf-8")
        return written


@contextmanager
def real_prometheus(directory: Path, target: int, **arguments: Any) -> Iterator[RealPrometheus]:
    """Run a Prometheus for the length of the block."""
    prometheus = RealPrometheus(directory, target, **arguments)
    try:
        prometheus.start()
        yield prometheus
    finally:
        prometheus.kill()


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Let promtool check something."""
    command: Sequence[str | Path] = (program("promtool"), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
