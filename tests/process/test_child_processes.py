"""Children: every process has a recording of its own, whatever made it and however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from process.project import GET_MANAGER, Project, end, line_of, wait_until
from support.children import run

POOL = """\
import multiprocessing, os, sys
from shop.work import work

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    pool = context.Pool(2)
    print(sorted(pool.map(work, ["anna", "bert", "carl"], chunksize=1)))
    pool.close()
    pool.join()
"""

POOL_TERMINATED = """\
import multiprocessing, os, sys
from shop.work import work

if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        print(sorted(pool.map(work, ["anna", "bert", "carl"], chunksize=1)))
"""

PROCESS = """\
import multiprocessing, os, sys
from shop.work import work

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    children = [context.Process(target=work, args=(user,)) for user in ("anna", "bert")]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print([child.exitcode for child in children])
"""

EXECUTOR = """\
import concurrent.futures, multiprocessing, sys
from shop.work import work

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        print(sorted(executor.map(work, ["anna", "bert"])))
"""

WORK = """\
from shop.manager import get_manager

def work(user):
    return get_manager(user).user_id
"""

METHODS = ["fork", "spawn", "forkserver"]


@pytest.fixture
def works(shop: Project) -> Project:
    """The shop, with work for children; on 3.12 and later a fork beside a thread would be warned of."""
    shop.write({"shop/work.py": WORK})
    return shop


def made_by_children(project: Project, parent: int) -> int:
    recorded = project.recorded()
    return sum(recorded.calls(GET_MANAGER, pid) for pid in set(recorded.pids) - {parent})


def test_a_child_by_subprocess_has_its_own_recording(works: Project) -> None:
    works.write(
        {"parent.py": "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'shop'], check=True)\n"}
    )

    outcome = works.run("parent.py")

    assert outcome[:3] == (0, "OrderManager\n", "")
    recorded = works.recorded()
    assert len(recorded.pids) == len(recorded.instances) == 2
    assert made_by_children(works, outcome.pid) == 1


@pytest.mark.parametrize("method", METHODS)
def test_multiprocessing_processes_have_their_own_recordings(works: Project, method: str) -> None:
    works.write({"parent.py": PROCESS})

    outcome = works.run("-W", "error::DeprecationWarning", "parent.py", method)

    assert outcome[:3] == (0, "[0, 0]\n", "")
    assert made_by_children(works, outcome.pid) == 2
    children = works.recorded().users_of(GET_MANAGER)
    assert len(children) == 2
    assert all(works.recorded().states(pid) == ["started", "stopped"] for pid in children)


@pytest.mark.parametrize("method", METHODS)
def test_the_workers_of_a_pool_have_their_own_recordings(works: Project, method: str) -> None:
    works.write({"parent.py": POOL})

    outcome = works.run("parent.py", method)

    assert outcome[:3] == (0, "['anna', 'bert', 'carl']\n", "")
    assert made_by_children(works, outcome.pid) == 3


@pytest.mark.parametrize("method", METHODS)
def test_the_workers_of_an_executor_have_their_own_recordings(works: Project, method: str) -> None:
    works.write({"parent.py": EXECUTOR})

    outcome = works.run("parent.py", method)

    assert outcome[:3] == (0, "['anna', 'bert']\n", "")
    assert made_by_children(works, outcome.pid) == 2


@pytest.mark.parametrize("method", METHODS)
def test_a_pool_that_terminates_its_workers_works_as_before(works: Project, method: str) -> None:
    works.write({"parent.py": POOL_TERMINATED})

    outcome = works.run("parent.py", method)

    assert outcome[:3] == (0, "['anna', 'bert', 'carl']\n", "")
    assert works.recorded().states(outcome.pid) == ["started", "stopped"]


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_program_in_another_directory_has_its_children_recorded_without_a_policy(
    works: Project, method: str
) -> None:
    (works.root / "ssot-probe.toml").unlink()
    works.write({"parent.py": PROCESS})

    outcome = works.run(str(works.root / "parent.py"), method, cwd=works.home)

    assert outcome[:3] == (0, "[0, 0]\n", "")
    recorded = works.recorded()
    children = set(recorded.pids) - {outcome.pid}
    assert [pid for pid in children if "shop.work" in recorded.modules(pid)]


FORK = """\
import os, sys
from shop.manager import get_manager
get_manager("anna")
child = os.fork()
get_manager("bert")
if child:
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print("child ended with", status)
else:
    LEAVE
"""


@pytest.mark.parametrize(
    ("leave", "code"),
    [("sys.exit(5)", 5), ("pass", 0), ("raise ValueError('of the child')", 1)],
    ids=["exit", "end", "error"],
)
def test_a_forked_child_counts_from_nothing(works: Project, leave: str, code: int) -> None:
    works.write({"parent.py": FORK.replace("LEAVE", leave)})

    outcome = works.run("-W", "error::DeprecationWarning", "parent.py")

    assert (outcome.code, outcome.out) == (0, f"child ended with {code}\n")
    recorded = works.recorded()
    (child,) = set(recorded.pids) - {outcome.pid}
    assert recorded.calls(GET_MANAGER, outcome.pid) == 2
    assert recorded.calls(GET_MANAGER, child) == 1
    assert "shop.manager" in recorded.modules(child)
    assert recorded.states(child) == recorded.states(outcome.pid) == ["started", "stopped"]


def test_a_forked_child_that_leaves_at_once_keeps_what_the_pump_has_written(works: Project) -> None:
    wait = """
    for descriptor in (0, 1, 2): os.close(descriptor)
    import glob, time
    deadline = time.monotonic() + 30
    mine = os.path.join(os.environ["SSOT_PROBE_DIR"], f"*-{os.getpid()}-*.traces.jsonl")
    is_told = lambda: any('"ssot.make"' in open(name).read() for name in glob.glob(mine))
    while time.monotonic() < deadline and not is_told():
        time.sleep(0.02)
    os._exit(6)
"""
    works.write({"parent.py": FORK.replace("    LEAVE", wait)})

    outcome = works.run("parent.py")

    assert outcome.out == "child ended with 6\n"
    recorded = works.recorded()
    (child,) = set(recorded.pids) - {outcome.pid}
    assert recorded.calls(GET_MANAGER, child) == 1
    assert recorded.states(child) == ["started"]


def test_a_grandchild_is_a_process_of_its_own(works: Project) -> None:
    works.write(
        {
            "parent.py": """\
import os
from shop.manager import get_manager
for generation in range(3):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        break
    get_manager("anna")
"""
        }
    )

    assert works.run("parent.py").code == 0

    recorded = works.recorded()
    calls = sorted(recorded.calls(GET_MANAGER, pid) for pid in recorded.pids)
    assert calls == [0, 1, 1, 1]
    assert len(recorded.instances) == 4


def test_forks_beside_busy_threads_neither_hang_nor_count_twice(works: Project) -> None:
    works.write(
        {
            "parent.py": """\
import os, threading
from shop.manager import get_manager
stop = threading.Event()
made = [0, 0]
def busy(number):
    while not stop.wait(0.001):
        get_manager("anna")
        made[number] += 1
threads = [threading.Thread(target=busy, args=(number,)) for number in (0, 1)]
for thread in threads:
    thread.start()
codes = set()
for _ in range(40):
    child = os.fork()
    if not child:
        get_manager("bert")
        stop.set()
        raise SystemExit(9)
    codes.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
stop.set()
for thread in threads:
    thread.join()
print(codes, sum(made))
""",
        }
    )

    outcome = works.run("-W", "ignore::DeprecationWarning", "parent.py")

    assert (outcome.code, outcome.err) == (0, "")
    codes, _, made = outcome.out.partition("} ")
    assert codes == "{9"
    recorded = works.recorded()
    children = [pid for pid in recorded.pids if pid != outcome.pid]
    assert len(children) == 40
    assert [recorded.calls(GET_MANAGER, pid) for pid in children] == [1] * 40
    assert recorded.calls(GET_MANAGER, outcome.pid) == int(made)


def test_a_parent_that_only_forks_has_no_thread_of_ours(works: Project) -> None:
    works.write(
        {
            "parent.py": """\
import _thread, os
before = _thread._count()
child = os.fork()
if not child:
    os._exit(0)
os.waitpid(child, 0)
print(before, _thread._count())
"""
        }
    )

    outcome = works.run("-W", "error::DeprecationWarning", "parent.py")

    assert outcome[:3] == (0, "0 0\n", "")


def test_a_fork_beside_the_pump_is_not_warned_of(works: Project) -> None:
    works.write(
        {
            "parent.py": """\
import os, time
from shop.manager import get_manager
for number in range(20):
    get_manager("anna")
    time.sleep(0.01)
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
"""
        }
    )

    outcome = works.run("-W", "always", "parent.py")

    assert outcome[:3] == (0, "", "")


def test_no_thread_of_the_probe_starts_while_a_fork_is_prepared(tmp_path: Path) -> None:
    program = """
        import os, sys, time

        class OrderManager:
            def __init__(self, user_id):
                self.user_id = user_id

        sys.setswitchinterval(1e-5)  # threads take turns wherever they can
        for number in range(300):
            OrderManager(f"user-{number % 7}")
            time.sleep(0.001 * (number % 9))
            child = os.fork()
            if not child:
                os._exit(0)
            os.waitpid(child, 0)
    """

    run(tmp_path, program=program, options=("-W", "always")).checked()


def test_a_fork_waits_for_the_module_that_says_the_labels_of_users(tmp_path: Path) -> None:
    program = """
        import os, time
        from ssot_probe.recorder import user_labels

        user_labels.LOADING_SECONDS = 0.0  # nobody else loads it, so it need not be waited for

        class OrderManager:
            def __init__(self, user_id):
                self.user_id = user_id

            def pay(self):
                pass

        first, second = OrderManager("anna-1"), OrderManager("robert-2")
        first.items = second.items = ["of anna-1"]
        first.pay()
        second.pay()
        deadline = time.monotonic() + 20
        while not os.path.exists("begun") and time.monotonic() < deadline:
            time.sleep(0.01)
        child = os.fork()
        if not child:
            import labels
            os._exit(labels.label_of("anna-1") == "free")
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    labels = """
        import time
        open("begun", "w").close()
        time.sleep(0.8)

        def label_of(user):
            return "free"
    """
    policy = """
        [[concept]]
        name = "order"
        classes = ["OrderManager"]
        [boundary]
        label = "labels:label_of"
        apart = [["free", "hipaa"]]
    """

    done = run(tmp_path, program=program, files={"labels.py": labels}, policy=policy)

    assert done.checked().stdout == "1\n"


def test_a_program_that_becomes_another_leaves_two_recordings(works: Project) -> None:
    works.write(
        {
            "parent.py": """\
import os, sys
from shop.manager import get_manager
get_manager("anna")
os.execv(sys.executable, [sys.executable, "prog.py"])
"""
        }
    )

    outcome = works.run("parent.py")

    assert outcome[:3] == (0, "OrderManager\n", "")
    recorded = works.recorded()
    assert set(recorded.pids) == {outcome.pid}
    assert recorded.states().count("stopped") == 1
    assert recorded.calls(GET_MANAGER) >= 1


WAITS = """\
import os, signal, sys, time
from shop.manager import get_manager
get_manager("anna")
print("ready", flush=True)
while True:
    time.sleep(60)
"""


def started_and_written(project: Project) -> subprocess.Popen[str]:
    """Start a program that waits; return when its call of the factory is in the file."""
    project.write({"prog.py": WAITS})
    process = project.start([project.python, "prog.py"])
    line_of(process.stdout, "ready")
    wait_until(lambda: project.recorded().calls(GET_MANAGER), "the factory's call is in the file")
    return process


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_process_leaves_what_it_had_recorded(works: Project, signum: signal.Signals) -> None:
    outcome = end(started_and_written(works), signum)

    assert outcome.code == -signum
    recorded = works.recorded()
    assert recorded.calls(GET_MANAGER) == 1
    assert recorded.states() == ["started"]


def test_an_interrupted_process_closes_its_recording(works: Project) -> None:
    outcome = end(started_and_written(works), signal.SIGINT)

    assert outcome.code == -signal.SIGINT
    assert works.recorded().calls(GET_MANAGER) == 1
    assert works.recorded().states() == ["started", "stopped"]


def test_the_helpers_of_multiprocessing_are_not_recorded(works: Project) -> None:
    works.write(
        {
            "parent.py": """\
import multiprocessing, os
from multiprocessing import resource_tracker

def work(value):
    from shop.manager import get_manager
    get_manager("anna")

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=work, args=(1,))
    child.start()
    child.join()
    print(resource_tracker._resource_tracker._pid)
"""
        }
    )

    outcome = works.run("parent.py")

    tracker = int(outcome.out)
    recorded = works.recorded()
    assert tracker not in recorded.pids
    assert len(recorded.pids) == 2


def test_users_have_the_same_hash_in_all_processes_with_one_key(works: Project) -> None:
    key = works.home / "key"
    key.write_bytes(os.urandom(32))
    key.chmod(0o600)
    works.write({"parent.py": PROCESS.replace('("anna", "bert")', '("anna", "anna")')})
    policy = (works.root / "ssot-probe.toml").read_text()
    works.write({"ssot-probe.toml": 'user = [{ argument = "user_id" }]\n' + policy})

    works.run("parent.py", "spawn", environment={"SSOT_PROBE_USER_KEY_FILE": str(key)})
    works.run("parent.py", "spawn", environment={"SSOT_PROBE_USER_KEY_FILE": str(key)})

    assert len(works.recorded().users()) == 1


def test_users_of_different_runs_cannot_be_compared_without_a_key(works: Project) -> None:
    policy = (works.root / "ssot-probe.toml").read_text()
    works.write({"ssot-probe.toml": 'user = [{ argument = "user_id" }]\n' + policy})

    works.run("prog.py")
    works.run("prog.py")

    assert len(works.recorded().users()) == 2
    assert all("anna" not in path.read_text() for path in works.recordings.iterdir())


KILLED = """\
import subprocess, sys
from shop.manager import get_manager
get_manager("anna")
child = subprocess.Popen([sys.executable, "child.py"], stdout=subprocess.PIPE)
child.stdout.readline()
child.kill()
child.communicate()
"""

CHILD = """\
import time
from shop.manager import get_manager
get_manager("anna"), get_manager("bert")
print("served", flush=True)
time.sleep(20)
"""


def test_a_process_that_is_killed_at_once_leaves_a_trace_in_the_report_of_the_others(works: Project) -> None:
    works.write({"parent.py": KILLED, "child.py": CHILD})

    outcome = works.run("parent.py")
    report = works.ssot_probe("report", str(works.recordings))

    assert outcome[:3] == (0, "", "")
    assert "EVIDENCE INCOMPLETE" in report.out
    assert "told_nothing" in report.out or "not closed" in report.out  # a slow machine lets it tell something
