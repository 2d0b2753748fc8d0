"""A clock that is set back by an hour while a service runs: nothing is held back, or ends before it began."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.children import Run, copy_program, run
from support.collector import Collector, running_collector

from ssot_probe.cli import commands
from ssot_probe.model.records import MakeRecord, ProcessRecord

CLOCK = """
import os, sys, time
real_time, real_time_ns, shift = time.time, time.time_ns, [0]
time.time = lambda: real_time() + shift[0]
time.time_ns = lambda: real_time_ns() + shift[0] * 1_000_000_000
os.environ.update(SSOT_PROBE="1", SSOT_PROBE_DIR=sys.argv[1])
import ssot_probe.auto
import chat

def serve(seconds):
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        chat.get_manager(f"user-{number % 7}")
        chat.new_manager("user-0")
        time.sleep(0.01)
    return number

served = serve(1.5)
shift[0] = int(sys.argv[2])
served += serve(1.5)
print(served, flush=True)
if sys.argv[3] == "killed":
    os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = copy_program("sharing", tmp_path_factory.mktemp("program"))
    (directory / "clock.py").write_text(CLOCK)
    return directory


def shifted(program: Path, tmp_path: Path, seconds: int, end: str, **environment: str) -> Run:
    recordings = tmp_path / "recordings"
    arguments = ("clock.py", str(recordings), str(seconds), end)
    return run(program, *arguments, probe=False, environment=environment, recordings=recordings)


def handed_out(done: Run) -> int:
    return sum(record.count for record in done.of(MakeRecord) if record.maker.endswith(":get_manager"))


def test_a_clock_that_was_set_back_does_not_hold_back_what_is_counted(program: Path, tmp_path: Path) -> None:
    done = shifted(program, tmp_path, -3_600, "killed")
    assert done.code == -9
    assert handed_out(done) > 0.75 * int(done.stdout)  # the first half was told before the clock was set


@pytest.mark.parametrize("seconds", [-3_600, 3_600])
def test_a_recording_over_a_jump_of_the_clock_is_complete_here_and_at_the_collector(
    program: Path, tmp_path: Path, seconds: int
) -> None:
    with running_collector() as collector:
        done = shifted(
            program, tmp_path, seconds, "ends", OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint
        ).checked()
    assert handed_out(done) == int(done.stdout)
    assert sorted(map(repr, collector.records)) == sorted(map(repr, done.records))
    assert done.of(ProcessRecord)[-1].state == "stopped"
    assert [span for _, span in collector.spans if span.end < span.start] == []
    assert [point for point in points(collector) if point["time"] < point["start"]] == []
    observed = [point["value"] for point in points(collector) if "duration" in point["name"]]
    assert observed == sorted(observed)
    assert 0 <= observed[-1] < 60

    told = CliRunner().invoke(commands, ["report", "--format", "json", str(done.directory)])
    evidence = json.loads(told.output)["evidence"]
    assert (evidence["complete"], evidence["unclosed"], evidence["dropped"]) == (True, [], 0)


def points(collector: Collector) -> list[dict[str, Any]]:
    """Return the metric points that arrived, in their order."""
    return [
        {
            "name": metric.name,
            "start": point.start_time_unix_nano,
            "time": point.time_unix_nano,
            "value": point.as_double or point.as_int,
        }
        for message in collector.metrics
        for resource in message.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.sum.data_points
    ]
