"""Processes that C forks past Python's hooks, as uWSGI does: own recordings, and nothing counts twice."""

from __future__ import annotations

import pytest
from process.project import GET_MANAGER, POLICY, Project

from ssot_probe.model.records import ProcessRecord

BEGIN = """\
import ctypes, _thread, os, signal, sys, time, types

def c_fork():
    return ctypes.PyDLL(None).fork()

def manage(user):
    from shop.manager import get_manager
    return get_manager(user)

def join(child):
    print(os.waitpid(child, 0)[1])

master, worker = os.getpid(), 0
"""

UWSGI = """\
uwsgi = sys.modules["uwsgi"] = types.ModuleType("uwsgi")
uwsgi.masterpid = lambda: master
uwsgi.worker_id = lambda: worker
"""
"""What uWSGI puts into the interpreter that it runs."""


@pytest.fixture
def works(shop: Project) -> Project:
    """The shop, with a module that is to be deleted."""
    shop.write({"shop/old.py": "", "ssot-probe.toml": POLICY + 'legacy = ["shop.old"]\n'})
    return shop


def calls(works: Project, program: str) -> list[tuple[int, str, list[str]]]:
    """Return of each process how often it called the maker, how it closed, and what it lost."""
    works.write({"prog.py": BEGIN + program})

    outcome = works.run("prog.py")

    assert outcome[:3] == (0, "0\n", "")
    recorded = works.recorded()
    assert len(recorded.pids) == len(set(recorded.pids)) == len(recorded.instances)
    last = {pid: recorded.of(ProcessRecord, pid)[-1] for pid in recorded.pids}
    return [
        (recorded.calls(GET_MANAGER, pid), last[pid].closed, list(last[pid].dropped))
        for pid in sorted(recorded.pids, key=lambda pid: pid != outcome.pid)
    ]


def test_a_child_of_a_process_that_had_nothing_to_record_has_a_recording_of_its_own(works: Project) -> None:
    program = """
child = c_fork()
if not child:
    manage("bert")
    manage("carl")
    sys.exit()
join(child)
manage("anna")
"""

    assert calls(works, program) == [(1, "exit", []), (2, "exit", [])]


SERVES = """
seen = []
uwsgi.post_fork_hook = lambda: seen.append(os.getpid())
manage("anna")
time.sleep(0.5)
assert not _thread._count(), "a thread that the workers would wait for"
child = c_fork()
if not child:
    worker = 1
    uwsgi.post_fork_hook()
    assert seen == [os.getpid()]
    manage("bert")
    manage("carl")
    time.sleep(0.2)
    assert _thread._count()
    sys.exit()
join(child)
"""


def test_the_hook_of_uwsgi_is_heard_beside_the_one_that_is_there(works: Project) -> None:
    assert calls(works, UWSGI + SERVES) == [(1, "exit", []), (2, "exit", [])]


def test_a_process_of_uwsgi_without_a_master_records_from_when_it_is_a_worker(works: Project) -> None:
    program = """
master = 0
manage("anna")
assert not _thread._count()
worker = 1
uwsgi.post_fork_hook()
time.sleep(0.2)
assert _thread._count()
manage("bert")
print(0)
"""

    assert calls(works, UWSGI + program) == [(2, "exit", [])]


def test_the_hook_is_there_again_when_a_module_that_replaced_it_has_been_loaded(works: Project) -> None:
    works.write({"shop/hooks.py": "import uwsgi\nuwsgi.post_fork_hook = lambda: None\n"})
    program = """
manage("anna")
import shop.hooks
child = c_fork()
if not child:
    uwsgi.post_fork_hook()
    manage("bert")
    sys.exit()
join(child)
"""

    assert calls(works, UWSGI + program) == [(1, "exit", []), (1, "exit", [])]


NOBODY_SAYS_SO = """
manage("anna")
child = c_fork()
if not child:
    {does}
    sys.exit()
join(child)
"""


@pytest.mark.parametrize("does", ["pass", "manage('bert')", "manage('bert'); import shop.old"])
def test_a_child_that_nobody_told_of_the_fork_says_that_something_of_it_is_lost(
    works: Project, does: str
) -> None:
    parent, (count, closed, dropped) = calls(works, UWSGI + NOBODY_SAYS_SO.format(does=does))

    assert parent == (1, "exit", [])
    assert count <= 1
    assert (closed, dropped) == ("exit", ["unnoticed_fork=1"])


def test_the_signal_that_ends_such_a_child_is_noticed_in_it(works: Project) -> None:
    program = """
manage("anna")
child = c_fork()
if not child:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(30)
assert os.waitpid(child, 0)[1] == signal.SIGTERM
print(0)
"""

    assert calls(works, UWSGI + program) == [(1, "exit", []), (0, "sigterm", ["unnoticed_fork=1"])]
