"""Forks: a child is a process of its own for the recording, and no fork is made beside a thread of ours."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from support.children import Run, run
from support.collector import running_collector

from ssot_probe.model.records import ClassRecord, MakeRecord, ProcessRecord, SharingRecord

BOXES = """
class BoxManager:
    pass

shared = BoxManager()

def get_manager(user_id):
    return shared
"""

FORKING = """
import os, sys, time
import boxes

boxes.get_manager("anna")
boxes.get_manager("bert")
time.sleep(float(sys.argv[1]))
children = []
for number in range(3):
    child = os.fork()
    if not child:
        boxes.get_manager(f"child {number}")
        boxes.BoxManager()
        time.sleep(0.5)
        os._exit(0)
    children.append(child)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
boxes.get_manager("carl")
"""


@pytest.fixture(scope="module", params=["0", "0.5"], ids=["before the pump wakes up", "beside the pump"])
def forked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(
        tmp_path_factory.mktemp("forking"),
        *("main.py", request.param),
        program=FORKING,
        files={"boxes.py": BOXES},
        options=["-W", "error"],
    ).checked()


def test_every_child_has_a_recording_of_its_own(forked: Run) -> None:
    parent, *children = forked.processes
    assert len(children) == 3
    assert len({process.instance for process in forked.processes}) == 4
    assert parent.resource["process.pid"] == forked.pid
    assert len({process.resource["process.pid"] for process in forked.processes}) == 4
    assert all(child.of(ProcessRecord)[0].armed > parent.of(ProcessRecord)[0].armed for child in children)


def test_a_child_tells_the_classes_again_and_nothing_that_the_parent_counted(forked: Run) -> None:
    parent, *children = forked.processes
    names = {(record.name, record.serial) for record in parent.of(ClassRecord)}
    for child in children:
        assert {(record.name, record.serial) for record in child.of(ClassRecord)} == names
        counts = {(record.kind, record.outcome): record.count for record in child.of(MakeRecord)}
        assert counts == {("function", "returned"): 1, ("constructor", "constructed"): 1}
        assert child.of(ProcessRecord)[0].dropped == ()


def test_what_the_parent_s_users_shared_is_nothing_in_the_child(forked: Run) -> None:
    parent, *children = forked.processes
    assert [record.user_count for record in parent.of(SharingRecord)] == [2]
    assert [child.of(SharingRecord) for child in children] == [[], [], []]


def test_the_parent_goes_on_as_before(forked: Run) -> None:
    parent = forked.processes[0]
    handed_out = [record for record in parent.of(MakeRecord) if record.kind == "function"]
    assert sum(record.count for record in handed_out) == 3
    assert parent.of(ProcessRecord)[-1].state == "stopped"


def test_no_span_is_written_twice(forked: Run) -> None:
    ids = [(span.trace_id, span.span_id) for process in forked.processes for span in process.spans]
    assert len(ids) == len(set(ids))


SENDING = """
import os, sys, time
import boxes

boxes.get_manager("anna")
for pause in (0, 0.25, 0.02, 0.5, 0.01, 0.05):
    time.sleep(pause)
    child = os.fork()
    if not child:
        import requests, ssl, opentelemetry.sdk.trace
        boxes.get_manager("child")
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.fixture(scope="module")
def program_that_sends(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sending")
    (directory / "boxes.py").write_text(BOXES)
    (directory / "main.py").write_text(SENDING)
    return directory


def test_forks_beside_an_exporting_thread_neither_warn_nor_hang_and_all_children_deliver(
    program_that_sends: Path,
) -> None:
    """A child that imports what the parent's thread was importing would wait for a lock for ever."""
    with running_collector() as collector:
        done = run(
            program_that_sends,
            options=["-W", "error::DeprecationWarning:__main__"],
            environment={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint},
        ).checked()
    assert len(done.processes) == 7  # the files have all of them, whatever happens on the way to a Collector
    arrived = {resource["service.instance.id"] for resource, _ in collector.spans}
    if version("opentelemetry-sdk").startswith("1.2") and arrived < {
        each.instance for each in done.processes
    }:
        pytest.xfail("an old SDK takes a child of a busy machine longer to load than it has at its end")
    assert arrived == {process.instance for process in done.processes}


def test_a_fork_beside_a_collector_that_hangs_is_not_held_up(program_that_sends: Path) -> None:
    (program_that_sends / "quick.py").write_text(
        "import os, time\nimport boxes\n\nboxes.get_manager('anna')\ntime.sleep(1.5)\n"
        "started = time.monotonic()\n"
        "for number in range(5):\n    if not os.fork():\n        os._exit(0)\n    os.wait()\n"
        "print(time.monotonic() - started)\nos._exit(0)\n"
    )
    with running_collector(status=0) as collector:
        done = run(
            program_that_sends,
            "quick.py",
            environment={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "PYTHONUNBUFFERED": "1"},
        )
    assert done.code == 0
    assert float(done.stdout) < 2.5


POOLS = """
import multiprocessing, sys
import boxes

def work(number):
    boxes.get_manager(f"user {number}")
    boxes.BoxManager()
    return number

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    process = context.Process(target=work, args=(1,))
    process.start()
    process.join()
    assert process.exitcode == 0
    pool = context.Pool(2)
    assert pool.map(work, range(20), chunksize=1) == list(range(20))
    pool.close()
    pool.join()
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_of_multiprocessing_deliver_all_they_counted(tmp_path: Path, method: str) -> None:
    done = run(tmp_path, "main.py", method, program=POOLS, files={"boxes.py": BOXES}).checked()
    constructed = [record.count for record in done.of(MakeRecord) if record.outcome == "constructed"]
    made_by_modules = len(done.processes) if method == "spawn" else 1
    assert sum(constructed) == 21 + made_by_modules


def test_no_thread_is_started_before_there_is_something_to_tell(tmp_path: Path) -> None:
    program = """
        import os, sys

        def threads():
            return len(os.listdir("/proc/self/task"))

        before = threads()
        import boxes
        print(before, threads())
    """
    if not Path("/proc/self/task").exists():
        pytest.skip("needs /proc")
    done = run(tmp_path, program=program, files={"boxes.py": BOXES}).checked()
    assert done.stdout == "1 2\n"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="forks beside threads are warned of since 3.12")
def test_a_program_that_only_forks_is_not_warned_of_our_thread(tmp_path: Path) -> None:
    program = """
        import os, time
        import boxes
        for _ in range(5):
            boxes.get_manager("anna")
            time.sleep(0.1)
            if not os.fork():
                os._exit(0)
            os.wait()
    """
    run(tmp_path, program=program, files={"boxes.py": BOXES}, options=["-W", "error"]).checked()


def test_the_hooks_stand_before_the_first_record_is_told(tmp_path: Path) -> None:
    """Else nothing is told before logging takes its locks, where modules were loaded before the probe."""
    program = """
        import boxes, ssot_probe
        from ssot_probe import forks
        ssot_probe.start()
        print(forks._goes_first)
    """
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    done = run(tmp_path, program=program, files={"boxes.py": BOXES}, environment=environment, probe=False)
    assert (done.code, done.stdout) == (0, "True\n")
