"""The real Collector dies, comes back, or has no disk left: what was lost is told, and proves nothing."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from process.project import wait_until
from support.children import environment_of_child, write_files
from support.real_collector import RealCollector, real_collector

from ssot_probe.wire.registry import ATTRIBUTES

pytestmark = pytest.mark.timeout(300)  # where others use the machine

FILES = {
    "shop/__init__.py": "",
    "shop/carts.py": """\
        class Cart:
            def __init__(self, user):
                self.user = user


        def get_cart(user):
            return Cart(user)
        """,
    "shop/old.py": "def total():\n    return 1\n",
    "main.py": """\
        import sys

        from shop.carts import get_cart

        kept = []
        for line in sys.stdin:
            word, _, count = line.strip().partition(" ")
            if word == "old":
                from shop.old import total

                total()
            for number in range(int(count or 1)):
                kept.append(get_cart(f"{word}-{number}"))
            print(word, flush=True)
        """,
}

POLICY = """\
packages = ["shop", "main"]

[[concept]]
name = "carts"
classes = ["*Cart"]
canonical = "shop.carts:Cart"
legacy = ["shop.old"]

[dead]
environments = ["staging"]
roles = ["web"]
min_days = 0
"""


class Service:
    """A program that makes a cart for each user that it is told of, and uses the legacy path at "old"."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self.recordings = directory.parent / "recordings"
        self._process = subprocess.Popen(
            [sys.executable, "main.py"],
            cwd=directory,
            env=environment_of_child(self.recordings, True, environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def serve(self, user: str, count: int = 1) -> None:
        """Let it make carts, and wait until the local files have the last one."""
        before = self.size()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(user, count, file=self._process.stdin, flush=True)
        assert self._process.stdout.readline().strip() == user
        wait_until(lambda: self.size() > before, "the local files have it")

    def size(self) -> int:
        """How long its local files are, with those of all processes there."""
        return sum(path.stat().st_size for path in self.recordings.glob("*.traces.jsonl"))

    def end(self) -> None:
        """Let it end by itself."""
        self._process.communicate()
        assert self._process.returncode == 0


@pytest.fixture
def program(tmp_path: Path) -> Path:
    write_files(tmp_path / "shop", FILES | {"ssot-probe.toml": POLICY})
    return tmp_path / "shop"


def settings(collector: RealCollector, **more: str) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint(),
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=staging,ssot.role=web",
        **more,
    }


IMPATIENT = {"OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
"""The exporter gives a batch up after so many seconds."""


def wait_for_giving_up() -> None:
    sleep(4)  # the time above, and again as much as a busy machine takes


def wait_for_watch(collector: RealCollector) -> None:
    """Wait until the Collector knows that the paths are watched."""
    collector.wait_for(
        lambda: any("ssot.paths" in json.dumps(line) for line in collector.lines()), "the paths are watched"
    )


def said(command: str, directory: Path, *options: str) -> dict[str, Any]:
    """Return the JSON that a command says of a directory, with its exit code."""
    ran = subprocess.run(
        [sys.executable, "-m", "ssot_probe", command, str(directory), "--format", "json", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    return {"code": ran.returncode, **json.loads(ran.stdout)}


def verdict(directory: Path) -> tuple[str, int]:
    """Return what `dead` says of the legacy path, and its exit code."""
    view = said("dead", directory, "--path", "shop.old")
    (path,) = view["paths"]
    return path["verdict"], view["code"]


def recorded(directory: Path) -> tuple[int, int]:
    """Return how many records are there, and how many are known to be lost."""
    evidence = said("report", directory)["evidence"]
    return evidence["records"], evidence["dropped"]


def check_that_nothing_is_hidden(local: Path, received: Path) -> None:
    """Check that each record of the local files arrived, or is known not to have, and then proves nothing."""
    made, (arrived, dropped) = recorded(local)[0], recorded(received)
    assert arrived + dropped >= made  # what arrived, though no answer came, is counted as well
    if arrived < made:
        assert said("report", received)["code"] == 3
        assert verdict(received) in (("VOID", 3), ("LIVE", 0))
    else:
        assert verdict(received) == ("LIVE", 0)


@contextmanager
def full_disk(collector: RealCollector) -> Iterator[None]:
    """Let the Collector's files grow by a few hundred bytes only."""
    before = resource.prlimit(collector.pid, resource.RLIMIT_FSIZE)
    size = (collector.received / "traces.jsonl").stat().st_size
    resource.prlimit(collector.pid, resource.RLIMIT_FSIZE, (size + 300, before[1]))
    try:
        yield
    finally:
        resource.prlimit(collector.pid, resource.RLIMIT_FSIZE, before)


def test_a_collector_that_is_killed_and_started_again_at_once_loses_nothing(
    program: Path, tmp_path: Path
) -> None:
    with real_collector(tmp_path / "collector") as collector:
        service = Service(program, settings(collector))
        for user in ("anna", "bert", "carl"):
            service.serve(user, 20)
            collector.kill()
            service.serve(f"{user}-again", 20)
            collector.start()
        service.end()

        local, received = said("report", service.recordings), said("report", collector.received)
        assert received["evidence"]["records"] == local["evidence"]["records"]
        assert received["findings"] == local["findings"]
        assert (received["code"], received["evidence"]["complete"]) == (0, True)


def test_what_a_collector_that_was_gone_did_not_get_is_sent_again_or_told(
    program: Path, tmp_path: Path
) -> None:
    with real_collector(tmp_path / "collector") as collector:
        service = Service(program, settings(collector, **IMPATIENT))
        service.serve("anna")
        wait_for_watch(collector)
        collector.kill()
        service.serve("old")
        wait_for_giving_up()
        collector.start()
        service.serve("bert")
        service.end()

        assert recorded(service.recordings)[1] == 0
        assert verdict(service.recordings) == ("LIVE", 0)
        check_that_nothing_is_hidden(service.recordings, collector.received)


def test_a_process_whose_end_did_not_arrive_proves_nothing(program: Path, tmp_path: Path) -> None:
    with real_collector(tmp_path / "collector") as collector:
        service = Service(program, settings(collector))
        service.serve("anna")
        wait_for_watch(collector)
        collector.kill()
        service.serve("old")
        service.end()

        assert verdict(service.recordings) == ("LIVE", 0)
        assert verdict(collector.received) == ("VOID", 3)


def test_a_process_of_which_nothing_arrived_is_missed(program: Path, tmp_path: Path) -> None:
    with real_collector(tmp_path / "collector") as collector:
        first = Service(program, settings(collector))
        first.serve("anna")
        wait_for_watch(collector)
        collector.kill()
        second = Service(program, settings(collector, **IMPATIENT))
        second.serve("old")
        second.end()
        collector.start()
        first.serve("bert")
        first.end()

        assert verdict(collector.received) == ("VOID", 3)
        told = json.dumps(said("dead", collector.received)["paths"])
        # On a machine that is busy the last word of the first one may be late.
        assert "number 2 of the list of processes" in told or "never said that it ended" in told


def test_what_a_full_disk_took_is_sent_again_or_told_and_the_collector_says_so(
    program: Path, tmp_path: Path
) -> None:
    with real_collector(tmp_path / "collector") as collector:
        service = Service(program, settings(collector, **IMPATIENT))
        service.serve("anna")
        wait_for_watch(collector)
        with full_disk(collector):
            service.serve("old")
            wait_for_giving_up()
        service.serve("bert")
        service.end()

        check_that_nothing_is_hidden(service.recordings, collector.received)
        assert recorded(collector.received)[1] > 0  # a line that the disk cut off, at least
        assert collector.own_metric("otelcol_exporter_send_failed_spans") > 0
        assert collector.own_metric("otelcol_receiver_refused_spans") > 0


def test_a_disk_that_was_full_for_a_moment_costs_nothing(program: Path, tmp_path: Path) -> None:
    with real_collector(tmp_path / "collector") as collector:
        service = Service(program, settings(collector))
        service.serve("anna")
        wait_for_watch(collector)
        with full_disk(collector):
            service.serve("old")
            collector.wait_for(
                lambda: collector.own_metric("otelcol_receiver_refused_spans"), "it refused something"
            )
        service.end()

        assert recorded(collector.received)[0] == recorded(service.recordings)[0]
        assert verdict(collector.received) == ("LIVE", 0)


def test_rotated_files_are_read_and_one_that_is_gone_is_missed(program: Path, tmp_path: Path) -> None:
    often = {"exporters": {"file/traces": {"rotation": {"max_megabytes": 1, "max_backups": 50}}}}
    with real_collector(tmp_path / "collector", more=often) as collector:
        services = [Service(program, settings(collector)) for _ in range(6)]
        for service in services:
            service.serve("user", 600)
        for service in services:
            service.end()
        parts = sorted(collector.received.glob("traces*.jsonl"))

        local, (received, dropped) = recorded(services[0].recordings), recorded(collector.received)
        assert len(parts) == 2
        assert received + dropped >= local[0]
        assert dropped < local[0] / 10  # on a machine that is busy, last words may be late

        parts[0].unlink()
        left, dropped = recorded(collector.received)
        assert left < received
        assert left + dropped >= local[0]
        assert verdict(collector.received) == ("VOID", 3)


def test_a_collector_that_knows_less_than_the_probe_makes_no_silence(program: Path, tmp_path: Path) -> None:
    names = [attribute.name for attribute in ATTRIBUTES if attribute.name != "ssot.module.watched"]
    with real_collector(
        tmp_path / "collector", more={"processors": {"redaction": {"allowed_keys": names}}}
    ) as collector:
        service = Service(program, settings(collector))
        service.serve("anna")
        service.end()

    received = said("report", collector.received)
    assert received["code"] == 3
    assert "SSOT902" in {finding["code"] for finding in received["findings"]}
    assert verdict(service.recordings) == ("NEVER-LOADED", 0)
    assert verdict(collector.received) == ("VOID", 3)
