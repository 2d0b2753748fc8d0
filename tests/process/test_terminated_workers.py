"""Workers of multiprocessing that are terminated have had their last words, and die as without the probe."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import pytest
from process.project import GET_MANAGER, POLICY, Project

from ssot_probe.model.records import ProcessRecord
from ssot_probe.recorder.last_words import LastWords

METHODS = ("fork", "spawn", "forkserver")

WATCHING = POLICY + 'legacy = ["shop.attic"]\n\n[dead]\nmin_days = 0\n'

WORK = """\
import multiprocessing, os, signal, sys, time
from shop.manager import get_manager

def work(user):
    get_manager(user)

"""

POOL = (
    WORK
    + """\
if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(3) as pool:
        pool.map(work, ["anna", "bert"] * 6, chunksize=1)
"""
)

DAEMON = (
    WORK
    + """\
def serve(user, connection):
    work(user)
    connection.send("ready")
    time.sleep(60)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    ours, theirs = context.Pipe()
    context.Process(target=serve, args=("anna", theirs), daemon=True).start()
    print(ours.recv())
"""
)

IDLE = (
    WORK
    + """\
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(3) as pool:
        time.sleep(0.3)
"""
)

HANDLES = (
    WORK
    + """\
def serve(connection):
    HOLDS
    work("anna")
    connection.send("ready")
    time.sleep(1.5)
    work("bert")
    LETS

if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    worker = context.Process(target=serve, args=(theirs,))
    worker.start()
    print(ours.recv())
    time.sleep(0.3)
    worker.terminate()
    worker.join()
    print(worker.exitcode)
"""
)


def states(project: Project) -> list[ProcessRecord]:
    """Return the last word of each process, in the order in which they started."""
    return [process.of(ProcessRecord)[-1] for process in project.recorded().processes]


def calls(project: Project) -> int:
    """Return how often the factory was called, in all processes."""
    return project.recorded().calls(GET_MANAGER)


def verdict(project: Project) -> str:
    """Return what is said of the path that nothing used."""
    outcome = project.ssot_probe("dead", str(project.recordings), "--format", "json")
    (path,) = json.loads(outcome.out)["paths"]
    return str(path["verdict"])


@pytest.fixture
def watched(shop: Project) -> Project:
    shop.write({"ssot-probe.toml": WATCHING, "shop/attic.py": ""})
    return shop


@pytest.mark.parametrize("method", METHODS)
def test_nothing_of_a_pool_is_lost_that_is_terminated(watched: Project, method: str) -> None:
    watched.write({"prog.py": POOL})

    assert watched.run("prog.py", method)[:3] == (0, "", "")

    assert calls(watched) == 12
    assert verdict(watched) == "NEVER-LOADED"
    assert {state.closed for state in states(watched)} <= {"exit", "sigterm"}
    assert not list(watched.recordings.glob(".workers-*"))


@pytest.mark.parametrize("method", METHODS)
def test_a_daemonic_worker_that_the_end_of_the_program_terminates_has_its_last_word(
    watched: Project, method: str
) -> None:
    watched.write({"prog.py": DAEMON})

    assert watched.run("prog.py", method)[:3] == (0, "ready\n", "")

    assert calls(watched) == 1
    assert verdict(watched) == "NEVER-LOADED"
    assert "sigterm" in {state.closed for state in states(watched)}


def test_workers_that_had_nothing_to_record_are_not_missing(watched: Project) -> None:
    watched.write({"prog.py": IDLE})

    assert watched.run("prog.py")[:3] == (0, "", "")

    assert verdict(watched) == "NEVER-LOADED"


def test_a_worker_that_handles_the_signal_and_goes_on_is_recorded_to_its_end(watched: Project) -> None:
    handles = "signal.signal(signal.SIGTERM, lambda number, frame: None)"
    watched.write({"prog.py": HANDLES.replace("HOLDS", handles).replace("LETS", "")})

    assert watched.run("prog.py")[:3] == (0, "ready\n0\n", "")

    assert calls(watched) == 2
    assert [state.closed for state in states(watched)] == ["exit", "exit"]


def test_a_worker_that_lets_the_signal_wait_is_recorded_meanwhile(watched: Project) -> None:
    mask = "signal.pthread_sigmask(signal.SIG_{}BLOCK, [signal.SIGTERM])".format
    lets = f"time.sleep(0.5); {mask('UN')}; time.sleep(60)"
    watched.write({"prog.py": HANDLES.replace("HOLDS", mask("")).replace("LETS", lets)})

    assert watched.run("prog.py")[:3] == (0, "ready\n-15\n", "")

    assert calls(watched) == 2
    assert [state.closed for state in states(watched)] == ["exit", ""]


def test_what_terminates_workers_is_as_it_was_once_the_probe_has_stopped(watched: Project) -> None:
    program = """\
import multiprocessing.pool, multiprocessing.process
from multiprocessing.popen_fork import Popen
import ssot_probe.startup

def targets():
    return [
        vars(Popen)["terminate"],
        vars(multiprocessing.pool.Pool)["_terminate_pool"],
        vars(multiprocessing.process.BaseProcess)["_bootstrap"],
    ]

during = [hasattr(getattr(target, "__func__", target), "__wrapped__") for target in targets()]
ssot_probe.startup.activate().stop()
print(during, [hasattr(getattr(target, "__func__", target), "__wrapped__") for target in targets()])
"""
    watched.write({"prog.py": program})

    assert watched.run("prog.py")[:3] == (0, "[True, True, True] [False, False, False]\n", "")


def test_nobody_waits_for_workers_that_do_not_listen(tmp_path: Path) -> None:
    asking = LastWords(str(tmp_path))
    asking.ask([os.getpid(), 7], seconds=60)  # returns at once
    worker = LastWords(str(tmp_path))
    worker.maker = os.getpid()
    worker.listen()
    worker.are_said()
    asking.ask([os.getpid()], seconds=60)
    asking.close()
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_is_asked_hears_it_once(tmp_path: Path) -> None:
    worker = LastWords(str(tmp_path))
    worker.maker = os.getpid()
    assert not worker.are_wanted()
    worker.listen()
    assert not worker.are_wanted()
    LastWords(str(tmp_path)).ask([os.getpid()], seconds=0.01)
    assert [worker.are_wanted(), worker.are_wanted()] == [True, False]


def test_a_directory_that_cannot_be_written_to_keeps_nobody(tmp_path: Path) -> None:
    for words in (LastWords(str(tmp_path / "missing")), LastWords("")):
        words.maker = os.getpid()
        words.listen()
        words.ask([os.getpid()], seconds=60)
        assert not words.are_wanted()
        words.are_said()
        words.close()


def test_another_process_of_the_same_number_is_another_one(tmp_path: Path) -> None:
    """Containers that share a directory have numbers of their own; the name of the file tells them apart."""
    words = LastWords(str(tmp_path))
    words.maker = os.getpid()
    words.listen()
    (file,) = tmp_path.iterdir()
    node, pid, started = file.name.split("-", 1)[1].rsplit("-", 2)
    assert (node, int(pid)) == (os.uname().nodename, os.getpid())
    assert int(started) > 0
    other = multiprocessing.get_context("spawn").Process(target=print)
    other.start()
    other.join()
    words.forget()
    words.maker = other.pid or 0  # it has ended: nothing can be told of it
    words.listen()
    assert list(tmp_path.iterdir()) == [file]
