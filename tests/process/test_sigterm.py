"""SIGTERM: where paths are watched, or somebody asked, a recording has its last word."""

from __future__ import annotations

import signal
import subprocess

import pytest
from process.project import GET_MANAGER, POLICY, Project, end, finish, line_of, off_lines

from ssot_probe.model.records import BlindRecord, ProcessRecord

ON = {"SSOT_PROBE_SIGTERM": "1"}

WAITS = """\
import os, signal, sys, time
from shop.manager import get_manager
get_manager("anna")
BEFORE
print("ready", flush=True)
while True:
    time.sleep(0.05)  # a signal that comes just before a wait begins is handled when that ends
"""


def started(project: Project, before: str = "", **environment: str) -> subprocess.Popen[str]:
    """Start a program that waits for a signal."""
    project.write({"prog.py": WAITS.replace("BEFORE", before)})
    process = project.start([project.python, "prog.py"], environment={**ON, **environment})
    line_of(process.stdout, "ready")
    return process


def closed(project: Project) -> list[str]:
    """Return how each process closed its recording, in the order in which they started."""
    return [process.of(ProcessRecord)[-1].closed for process in project.recorded().processes]


def test_the_recording_is_closed_and_the_process_dies_of_the_signal(shop: Project) -> None:
    outcome = end(started(shop))

    assert (outcome.code, outcome.err) == (-signal.SIGTERM, "")
    assert shop.recorded().calls(GET_MANAGER) == 1
    assert shop.recorded().states() == ["started", "stopped"]
    assert closed(shop) == ["sigterm"]


def test_nobody_handles_it_where_nobody_asked_for_that(shop: Project) -> None:
    before = "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL"
    outcome = end(started(shop, before, SSOT_PROBE_SIGTERM="0"))

    assert outcome.code == -signal.SIGTERM
    assert closed(shop) in ([""], [])  # it may be killed before it tells anything


def test_nobody_handles_it_where_no_silence_is_evidence(shop: Project) -> None:
    outcome = end(
        started(shop, "assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL", SSOT_PROBE_SIGTERM="")
    )

    assert outcome.code == -signal.SIGTERM
    assert closed(shop) in ([""], [])


@pytest.mark.parametrize(
    "watched", ['legacy = ["shop.attic"]', '[dead]\nentry_points = ["shop.manager:get_manager"]']
)
def test_a_process_that_watches_paths_closes_without_being_asked(shop: Project, watched: str) -> None:
    shop.write({"ssot-probe.toml": POLICY + watched + "\n", "shop/attic.py": ""})
    outcome = end(started(shop, SSOT_PROBE_SIGTERM=""))

    assert (outcome.code, outcome.err) == (-signal.SIGTERM, "")
    assert closed(shop) == ["sigterm"]


def test_a_process_that_ends_by_itself_says_so_and_leaves_the_default_action(shop: Project) -> None:
    program = """\
import signal
import shop.manager
from ssot_probe import startup
print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
startup.activate().stop()
print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""
    shop.write({"prog.py": program})

    outcome = shop.run("prog.py", environment=ON)

    assert outcome[:3] == (0, "True\nTrue\n", "")
    assert closed(shop) == ["stop"]


@pytest.mark.parametrize(
    "before",
    [
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))",
        # the default action cannot be called
        "before = signal.signal(signal.SIGTERM, lambda *a: (callable(before) and before(*a), sys.exit(7)))",
    ],
    ids=["replaced", "called by the handler that replaced it"],
)
def test_a_handler_that_the_application_installs_is_the_only_one(shop: Project, before: str) -> None:
    outcome = end(started(shop, before))

    assert (outcome.code, outcome.err) == (7, "")
    assert closed(shop) == ["exit"]


CHAINED = """\
before = signal.getsignal(signal.SIGTERM)
assert before is signal.SIG_DFL, before
def passes_on(number, frame):
    if callable(before):
        before(number, frame)
    else:
        signal.signal(number, before)
        os.kill(os.getpid(), number)
assert signal.signal(signal.SIGTERM, passes_on) is signal.SIG_DFL
assert signal.getsignal(signal.SIGTERM) is passes_on
"""


def test_a_handler_that_passes_the_signal_on_to_the_one_before_ends_the_process(shop: Project) -> None:
    outcome = end(started(shop, CHAINED))

    assert (outcome.code, outcome.err) == (-signal.SIGTERM, "")
    assert closed(shop) == ["sigterm"]


def test_what_signal_is_asked_in_vain_looks_as_without_the_probe(shop: Project) -> None:
    before = """\
import inspect, pickle, traceback
assert list(inspect.signature(signal.signal).parameters) == ["signalnum", "handler"]
assert pickle.loads(pickle.dumps(signal.getsignal)) is signal.getsignal
for wrong in (lambda: signal.signal(signal.SIGTERM, 7), lambda: signal.getsignal(1000)):
    try:
        wrong()
    except (TypeError, ValueError):
        assert "ssot_probe" not in traceback.format_exc() or sys.version_info < (3, 11)
    else:
        raise AssertionError
"""
    outcome = end(started(shop, before))

    assert (outcome.code, outcome.err) == (-signal.SIGTERM, "")


def test_a_handler_that_the_application_takes_away_again_leaves_ours(shop: Project) -> None:
    outcome = end(started(shop, "signal.signal(signal.SIGTERM, signal.signal(signal.SIGTERM, print))"))

    assert outcome.code == -signal.SIGTERM
    assert closed(shop) == ["sigterm"]


def test_a_signal_that_is_ignored_stays_ignored(shop: Project) -> None:
    starter = (
        "import os, signal, sys\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "os.execv(sys.executable, [sys.executable, 'prog.py'])\n"
    )
    program = "import os, signal, shop.manager\nos.kill(os.getpid(), signal.SIGTERM)\nprint('here')\n"
    shop.write({"starter.py": starter, "prog.py": program})

    outcome = shop.run("starter.py", environment=ON)

    assert outcome[:3] == (0, "here\n", "")
    assert closed(shop)[-1] == "exit"
    subjects = {record.subject for record in shop.recorded().of(BlindRecord)}
    assert "the end by SIGTERM" in subjects


def test_the_workers_of_a_pool_that_is_terminated_die_of_it(shop: Project) -> None:
    program = """\
import multiprocessing
from shop.manager import get_manager

def work(user):
    return get_manager(user).user_id

if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(sorted(pool.map(work, ["anna", "bert"], chunksize=1)))
"""
    shop.write({"prog.py": program})

    outcome = shop.run("prog.py", environment=ON)

    assert outcome[:3] == (0, "['anna', 'bert']\n", "")
    assert closed(shop)[0] == "exit"
    assert set(closed(shop)[1:]) <= {"exit", "sigterm"}


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_worker_that_computes_in_c_is_terminated_as_without_the_probe(shop: Project, method: str) -> None:
    program = f"""\
import multiprocessing, time
from shop.manager import get_manager

def work(connection):
    get_manager("anna")
    connection.send("ready")
    sum(range(10**13))

if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    ours, theirs = context.Pipe()
    worker = context.Process(target=work, args=(theirs,))
    worker.start()
    print(ours.recv())
    time.sleep(0.2)
    worker.terminate()
    worker.join()
    print(worker.exitcode)
"""
    shop.write({"prog.py": program})

    assert shop.run("prog.py", environment=ON)[:3] == (0, "ready\n-15\n", "")


def test_a_forked_child_closes_its_own_recording_and_not_its_parent_s(shop: Project) -> None:
    program = """\
import os, signal, time
from shop.manager import get_manager
get_manager("anna")
child = os.fork()
get_manager("bert")
if not child:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
print(os.waitpid(child, 0)[1])
"""
    shop.write({"prog.py": program})

    outcome = shop.run("prog.py", environment=ON)

    assert outcome[:3] == (0, "15\n", "")
    assert closed(shop) == ["exit", "sigterm"]
    parent, child = [process.of(ProcessRecord)[-1] for process in shop.recorded().processes]
    assert (parent.parent, child.parent) == ("", shop.recorded().processes[0].instance)


def test_a_signal_that_comes_while_a_child_is_made_waits_until_it_is_a_process_of_its_own(
    shop: Project,
) -> None:
    program = """\
import os, signal, time
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
import ssot_probe
probe = ssot_probe.start()
from shop.manager import get_manager
get_manager("anna")
before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
child = os.fork()
if not child:
    time.sleep(60)
print(os.waitpid(child, 0)[1], signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before)
"""
    shop.write({"prog.py": program, "shop/old.py": ""})
    shop.write({"ssot-probe.toml": POLICY + 'legacy = ["shop.old"]\n'})

    outcome = shop.run("prog.py", probe=False, environment={"SSOT_PROBE_DIR": str(shop.recordings)})

    assert outcome[:3] == (0, "15 True\n", "")
    assert closed(shop) == ["exit", "sigterm"]


def test_a_signal_that_comes_while_the_recording_is_closed_waits_for_its_end(shop: Project) -> None:
    program = """\
import os, signal
from shop.manager import get_manager
from ssot_probe import startup
get_manager("anna")
probe = startup.activate()
finish = probe.pump.finish
def signalled(seconds):
    os.kill(os.getpid(), signal.SIGTERM)
    finish(seconds)
probe.pump.finish = signalled
"""
    shop.write({"prog.py": program})

    outcome = shop.run("prog.py", environment=ON)

    assert (outcome.code, outcome.err) == (-signal.SIGTERM, "")
    assert closed(shop) == ["exit"]


def test_two_signals_end_the_process_once(shop: Project) -> None:
    process = started(shop)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)

    assert finish(process).code == -signal.SIGTERM
    assert closed(shop) in (["sigterm"], [""])


def test_a_value_without_a_meaning_is_said(shop: Project) -> None:
    outcome = shop.run("prog.py", environment={"SSOT_PROBE_SIGTERM": "SIGTERM"})

    assert (outcome.code, outcome.out) == (0, "OrderManager\n")
    (line,) = off_lines(outcome.err)
    assert 'SSOT_PROBE_SIGTERM: found "SIGTERM", expected "1" for on or "0" for off' in line
