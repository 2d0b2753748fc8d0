"""`os._exit`: where paths are watched, a recording has its last word all the same."""

from __future__ import annotations

import signal

import pytest
from process.project import GET_MANAGER, POLICY, Project

from ssot_probe.model.records import ProcessRecord

BEGIN = """\
import os, signal, sys, threading, time
from shop.manager import get_manager
"""


@pytest.fixture
def works(shop: Project) -> Project:
    """The shop, with a module that is to be deleted."""
    shop.write({"shop/old.py": "", "ssot-probe.toml": POLICY + 'legacy = ["shop.old"]\n'})
    return shop


def closed(project: Project) -> list[str]:
    """Return how each process closed its recording, in the order in which they started."""
    return [process.of(ProcessRecord)[-1].closed for process in project.recorded().processes]


@pytest.mark.parametrize(
    "leaves",
    [
        "os._exit(7)",
        "os._exit(status=7)",
        "threading.Thread(target=os._exit, args=(7,)).start(); time.sleep(30)",
        "signal.signal(signal.SIGALRM, lambda *_: os._exit(7)); signal.alarm(1); time.sleep(30)",
    ],
)
def test_a_process_that_leaves_closes_its_recording(works: Project, leaves: str) -> None:
    works.write({"prog.py": BEGIN + f"get_manager('anna')\nprint('here', flush=True)\n{leaves}\n"})

    outcome = works.run("prog.py")

    assert outcome[:3] == (7, "here\n", "")
    assert works.recorded().calls(GET_MANAGER) == 1
    assert closed(works) == ["exit"]


def test_a_forked_child_that_leaves_closes_its_own_recording(works: Project) -> None:
    program = (
        BEGIN
        + """
get_manager('anna')
if not os.fork():
    get_manager('bert')
    os._exit(7)
print(os.wait()[1] >> 8)
"""
    )
    works.write({"prog.py": program})

    outcome = works.run("prog.py")

    assert outcome[:3] == (0, "7\n", "")
    assert works.recorded().calls(GET_MANAGER) == 2
    assert closed(works) == ["exit", "exit"]


def test_a_forked_child_that_used_nothing_leaves_no_trace(works: Project) -> None:
    works.write({"prog.py": BEGIN + "get_manager('anna')\nif not os.fork():\n    os._exit(0)\nos.wait()\n"})

    assert works.run("prog.py")[:3] == (0, "", "")
    assert len(list(works.recordings.glob("*.traces.jsonl"))) == 1


def test_a_status_that_is_none_ends_neither_the_process_nor_the_recording(works: Project) -> None:
    program = (
        BEGIN
        + """
try:
    os._exit('7')
except TypeError as error:
    print(type(error).__name__)
try:
    os._exit()
except TypeError as error:
    print(type(error).__name__)
get_manager('anna')
"""
    )
    works.write({"prog.py": program})

    assert works.run("prog.py")[:3] == (0, "TypeError\nTypeError\n", "")
    assert works.recorded().calls(GET_MANAGER) == 1
    assert closed(works) == ["exit"]


def test_it_looks_as_without_the_probe(works: Project) -> None:
    program = (
        BEGIN
        + """
import inspect, pickle
print(os._exit.__name__, inspect.signature(os._exit), pickle.loads(pickle.dumps(os._exit)) is os._exit)
"""
    )
    works.write({"prog.py": program})

    observed, plain = works.run("prog.py"), works.run("prog.py", probe=False)

    assert observed[:3] == plain[:3]


def test_a_probe_that_was_stopped_puts_the_original_back(works: Project) -> None:
    program = (
        BEGIN
        + """
import posix
from ssot_probe import startup
kept = os._exit
startup.activate().stop()
print(os._exit is posix._exit, flush=True)
kept(7)
"""
    )
    works.write({"prog.py": program})

    assert works.run("prog.py")[:3] == (7, "True\n", "")
    assert closed(works) == ["stop"]


def test_nothing_stands_before_it_where_no_silence_is_evidence(shop: Project) -> None:
    shop.write({"prog.py": "import os, posix, shop.manager\nprint(os._exit is posix._exit)\n"})

    assert shop.run("prog.py")[:3] == (0, "True\n", "")


def test_a_signal_that_ends_the_process_while_it_leaves_waits_for_the_last_word(works: Project) -> None:
    program = (
        BEGIN
        + """
from ssot_probe import startup
get_manager('anna')
probe = startup.activate()
finish = probe.pump.finish
def signalled(seconds):
    os.kill(os.getpid(), signal.SIGTERM)
    return finish(seconds)
probe.pump.finish = signalled
os._exit(7)
"""
    )
    works.write({"prog.py": program})

    outcome = works.run("prog.py")

    assert (outcome.code, outcome.err) == (-signal.SIGTERM, "")
    assert closed(works) == ["exit"]
