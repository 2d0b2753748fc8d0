"""The pump's thread: it leaves the start of a service alone, and nothing is lost by that."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import sleep
from types import ModuleType
from typing import Any

import pytest
from support.children import run
from support.watched import watching

from ssot_probe.losses import Losses
from ssot_probe.model.records import ModuleRecord, ProcessRecord
from ssot_probe.recorder import pump as pumps

LOADING = """
    import os, time
    import early

    def recordings():
        with os.scandir(os.environ["SSOT_PROBE_DIR"]) as files:
            return [file.name for file in files if file.name.endswith("l") and file.stat().st_size]

    until = time.monotonic() + SECONDS
    while time.monotonic() < until and not recordings():
        time.sleep(0.01)
    found_while_loading = bool(recordings())
"""

PROGRAM = """
    import time
    import slow

    until = time.monotonic() + 20
    while time.monotonic() < until and not slow.recordings():
        time.sleep(0.01)
    print(slow.found_while_loading, bool(slow.recordings()))
"""


def test_nothing_is_written_while_the_service_loads_its_modules_and_soon_after(tmp_path: Path) -> None:
    files = {"early.py": "", "slow.py": LOADING.replace("SECONDS", "0.7")}
    done = run(tmp_path, program=PROGRAM, files=files).checked()
    assert done.stdout == "False True\n"
    assert {"early", "slow"} <= {record.module for record in done.of(ModuleRecord)}


def test_a_module_that_never_finishes_loading_is_not_waited_for(tmp_path: Path) -> None:
    """Some services run inside the import of their main module."""
    files = {"early.py": "", "slow.py": LOADING.replace("SECONDS", "20")}
    done = run(tmp_path, program=PROGRAM, files=files).checked()
    assert done.stdout == "True True\n"


class Service:
    """Something that is loading modules for ever, and a pump that waits for it by a clock of the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        self.looks = self.cycles = 0
        monkeypatch.setattr(pumps, "monotonic", lambda: self.now)
        monkeypatch.setattr(pumps, "INTERVAL", 0.001)
        self.pump = pumps.Pump(
            self._count_cycle, self._is_loading, lambda: None, lambda: None, Losses(), lambda error: None
        )

    def _is_loading(self) -> bool:
        self.looks += 1
        return True

    def _count_cycle(self) -> Any:
        self.cycles += 1
        raise RuntimeError

    def was_recorded(self, seconds: float) -> bool:
        """Let so much time go by; has the pump begun by then?"""
        self.now += seconds
        looked = self.looks
        while self.looks < looked + 2 and not self.cycles:
            sleep(0.001)
        return bool(self.cycles)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Any:
    service = Service(monkeypatch)
    service.pump.start()
    yield service
    service.now += 60
    service.pump.pause(1.0)


def test_the_recorder_waits_longer_while_more_and_more_modules_come(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(11):
        monkeypatch.setitem(sys.modules, f"ssot_probe_test_{number}", ModuleType("another"))
        assert not service.was_recorded(0.4)
    assert service.was_recorded(0.7)


def test_the_recorder_begins_soon_after_the_last_module_that_came(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not service.was_recorded(1.9)
    monkeypatch.setitem(sys.modules, "ssot_probe_test_last", ModuleType("another"))
    assert not service.was_recorded(0.0)
    assert not service.was_recorded(0.4)
    assert service.was_recorded(0.2)


def test_a_service_that_ends_while_it_loads_tells_all_it_saw(tmp_path: Path) -> None:
    files = {"quitting.py": "import early, sys; sys.exit(3)", "early.py": ""}
    done = run(tmp_path, program="import quitting", files=files)
    assert done.code == 3
    assert [record.state for record in done.of(ProcessRecord)] == ["started", "stopped"]
    assert "early" in {record.module for record in done.of(ModuleRecord)}


def test_what_loads_modules_in_one_thread_does_not_hold_up_another_s_flush(tmp_path: Path) -> None:
    program = """
        import threading, ssot_probe.startup
        threading.Thread(target=__import__, args=("slow",), daemon=True).start()
        import early
        print(ssot_probe.startup.activate().flush(10.0))
    """
    files = {"early.py": "", "slow.py": "import time; time.sleep(30)"}
    done = run(tmp_path, program=program, files=files, environment={"PYTHONFAULTHANDLER": "1"})
    assert done.stdout == "True\n"
    assert os.listdir(done.directory)


SLOW = """
    import time
    import ssot_probe.probe as probes
    {patch}
    probes.ending.EXIT_SECONDS = 0.8
    probes.ending.SHORTEST_FINISH = 0.3
    probes.start()
    import early
"""


def test_a_process_that_ends_before_its_first_cycle_does_has_said_that_it_began(tmp_path: Path) -> None:
    patch = """from ssot_probe.observe.paths.watched_path import PathTable
    PathTable.locate = lambda self: time.sleep(30)"""
    done = run(
        tmp_path,
        program=SLOW.format(patch=patch),
        files={"early.py": ""},
        policy=watching("early"),
        environment={"SSOT_PROBE": ""},
    ).checked()
    assert [record.state for record in done.of(ProcessRecord)] == ["started"]


def test_a_process_that_ends_with_nothing_recorded_says_so(tmp_path: Path) -> None:
    patch = "probes.Probe._make_recorder = lambda self: (self._process.announce(), time.sleep(30))"
    done = run(
        tmp_path,
        program=SLOW.format(patch=patch),
        files={"early.py": ""},
        policy=watching("early"),
        environment={"SSOT_PROBE": "", "SSOT_PROBE_DEBUG": "1"},
    )
    assert (done.code, done.stdout) == (0, "")
    assert done.stderr == "ssot-probe: the process ended before anything of it was recorded\n"
    (left,) = done.directory.glob("*.traces.jsonl")
    assert left.read_bytes() == b""  # which is told as a process that is missing


def test_what_is_stopped_while_nothing_can_be_loaded_is_recorded_before_the_process_ends(
    tmp_path: Path,
) -> None:
    """On 3.10 whoever asks finders for a module keeps all other threads from loading any."""
    program = """
        import time
        import ssot_probe.probe as probes
        probes.ending.EXIT_SECONDS = 0.8
        probes.ending.SHORTEST_FINISH = 0.3
        make = probes.Probe._make_recorder
        def slowly(self):
            time.sleep(0.9)
            return make(self)
        probes.Probe._make_recorder = slowly
        probe = probes.start()
        import early
        time.sleep(0.2)
        probe.stop()
        probes.ending.EXIT_SECONDS = 10
        """
    done = run(
        tmp_path,
        program=program,
        files={"early.py": ""},
        policy=watching("early"),
        environment={"SSOT_PROBE": ""},
    ).checked()
    assert [record.state for record in done.of(ProcessRecord)] == ["started", "stopped"]


@pytest.mark.parametrize("step", ["look_around", "stop_imports", "look_for_the_last_time", "remove_wrappers"])
def test_a_look_that_fails_costs_no_record_and_is_counted(tmp_path: Path, step: str) -> None:
    program = """
        import ssot_probe.probe as probes
        def fail(self):
            raise RuntimeError("a fault of our own")
        probes.observers.Observers.{step} = fail
        probes.start()
        import early
    """
    done = run(
        tmp_path,
        program=program.format(step=step),
        files={"early.py": ""},
        policy=watching("early"),
        environment={"SSOT_PROBE": ""},
    ).checked()
    assert [record.state for record in done.of(ProcessRecord)] == ["started", "stopped"]
    assert "early" in {record.module for record in done.of(ModuleRecord)}
    assert done.losses["internal_error"] > 0
