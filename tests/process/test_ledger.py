"""The ledger of what real processes leave behind, however they were made and however they ended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from process.project import POLICY, Project, line_of, wait_until

from ssot_probe.analysis.load import load
from ssot_probe.analysis.retirement.ledger import (
    LOST,
    RECORDS_LOST,
    RELATIVE,
    STOPPED,
    UNCLOSED,
    Ledger,
    ledger,
)
from ssot_probe.errors import NoEvidenceError
from ssot_probe.model.path_records import ForkRecord
from ssot_probe.model.records import ImportRecord
from ssot_probe.wire.process_list import FILE_NAME

LEGACY = POLICY + 'legacy = ["shop.old"]\n'

PRELOADED = """\
import glob, os, signal, sys, time
import shop.old
from shop.manager import get_manager
get_manager("anna")

def forked(work):
    child = os.fork()
    if child:
        return child
    work()
    os._exit(0)

def idle():
    deadline = time.monotonic() + 1.6
    while time.monotonic() < deadline:
        [[] for _ in range(5000)]

def live():
    mine = os.path.join(os.environ["SSOT_PROBE_DIR"], f"*-{os.getpid()}-*.traces.jsonl")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not any(map(os.path.getsize, glob.glob(mine))):
        [[] for _ in range(5000)]
        time.sleep(0.001)

def fetch():
    from shop.old import used
    print("fetched", flush=True)

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

"""


@pytest.fixture
def works(shop: Project) -> Project:
    """The shop, with a module that is to be deleted."""
    shop.write({"shop/old.py": "def used():\n    return 1\n", "ssot-probe.toml": LEGACY})
    return shop


def run(works: Project, program: str, **environment: str) -> Ledger:
    works.write({"prog.py": PRELOADED + program})
    outcome = works.run("-W", "ignore::DeprecationWarning", "prog.py", environment=environment)
    assert (outcome.code, outcome.err) == (0, "")
    return read(works)


def read(works: Project) -> Ledger:
    return ledger(load([str(works.recordings)]))


def kinds(found: Ledger) -> list[list[str]]:
    """Return the kinds of reasons against each process, in the order in which they began."""
    return [[reason.kind for reason in epoch.reasons] for epoch in found.epochs]


def test_a_process_that_ends_leaves_a_silence_that_counts(works: Project) -> None:
    found = run(works, "")

    (epoch,) = found.epochs
    assert found.is_complete
    assert epoch.closed == "exit"
    assert epoch.watched == ("shop.old",)
    assert epoch.armed <= epoch.last
    assert (epoch.number, epoch.heartbeats, len(epoch.days)) == (1, 2, 1)
    assert epoch.process.host == os.uname().nodename
    assert found.clocks == ()


@pytest.mark.parametrize(
    ("program", "closed"),
    [
        ("raise RuntimeError\n", "failed"),
        ("import nothing_of_this_name\n", "failed"),
        ("import sys\nsys.exit(3)\n", "exit"),
        ("raise KeyboardInterrupt\n", "exit"),
        ("try:\n    raise RuntimeError\nexcept RuntimeError:\n    pass\n", "exit"),
        ("import threading\nthread = threading.Thread(target=int, args='x')\nthread.start()\n", "exit"),
    ],
)
def test_a_process_that_an_exception_ends_says_so(works: Project, program: str, closed: str) -> None:
    works.write({"prog.py": PRELOADED + program})
    works.run("-W", "ignore::DeprecationWarning", "prog.py")
    (epoch,) = read(works).epochs
    assert epoch.closed == closed
    assert epoch.reasons == ()


STOPS = "from ssot_probe import startup\nprobe = startup.activate()\n"


@pytest.mark.parametrize(
    "stop",
    [
        "probe.stop()\nimport shop.old\n",
        "with probe:\n    pass\n",
        "import threading\nprobe.stop()\nidle()\n",
    ],
    ids=["stop", "with", "later"],
)
def test_a_probe_that_was_stopped_while_its_process_went_on_leaves_no_silence(
    works: Project, stop: str
) -> None:
    found = run(works, STOPS + stop)

    (epoch,) = found.epochs
    assert epoch.closed == STOPPED
    assert [reason.why for reason in epoch.reasons] == ["was stopped while its process went on"]


def test_a_probe_that_was_stopped_at_the_very_end_leaves_a_silence_that_counts(works: Project) -> None:
    found = run(works, STOPS + "import atexit, threading\natexit.register(probe.stop)\n")

    (epoch,) = found.epochs
    assert epoch.closed == "exit"
    assert found.is_complete


def test_a_child_that_leaves_at_once_or_runs_another_program_is_no_loss(works: Project) -> None:
    found = run(
        works,
        """
import pty, subprocess
def grandchild():
    if os.fork():
        os._exit(0)
    os.execvp("true", ["true"])

def prepared():
    subprocess.run(["true"], preexec_fn=lambda: None, check=True)

for work in (lambda: None, lambda: os.execv("/bin/true", ["true"]), grandchild, prepared) * 3:
    os.waitpid(forked(work), 0)
prepared()
subprocess.run(["true"], check=True)
assert pty.spawn("true") == 0
""",
    )

    assert len(found.epochs) == 1
    assert found.is_complete


@pytest.mark.parametrize(
    "program",
    [
        "os.waitpid(forked(kill), 0)\n",
        "child = forked(lambda: time.sleep(60))\ntime.sleep(0.1)\nos.kill(child, 9)\nos.wait()\n",
        "child = forked(lambda: time.sleep(60))\ntime.sleep(1.2)\nos.kill(child, 9)\n",
        "child = forked(lambda: (time.sleep(1.2)))\nos.wait()\n",
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nchild = forked(kill)\ntime.sleep(0.2)\n",
        "os.waitpid(forked(lambda: os.abort()), 0)\n",
        "os.waitpid(forked(lambda: (forked(kill), time.sleep(0.2))), 0)\n",
    ],
    ids=["at once", "asleep", "not waited for", "left late", "reaped unseen", "aborted", "a grandchild"],
)
def test_a_child_that_vanishes_before_it_has_anything_to_record_is_missing(
    works: Project, program: str
) -> None:
    found = run(works, "import gc\ngc.disable()\n" + program)

    assert not found.is_complete
    assert [missing.known_from for missing in found.missing] == [told_by_parent(found)]


@pytest.mark.parametrize("leaves", ["os.waitpid(forked(fetch), 0)", "fetch()\nos._exit(0)"])
def test_what_was_used_right_before_os_exit_is_recorded_and_the_rest_is_unknown(
    works: Project, leaves: str
) -> None:
    found = run(works, f"time.sleep(0.3)\n{leaves}\n")

    assert ("used",) in [record.names for record in works.recorded().of(ImportRecord)]
    assert not found.is_complete


def test_a_child_that_outlives_its_parent_and_is_killed_asleep_is_missing(works: Project) -> None:
    sleep = "[os.close(descriptor) for descriptor in (0, 1, 2)], time.sleep(4), kill()"
    found = run(works, f"forked(lambda: ({sleep}))\ntime.sleep(1.2)\n")

    assert [missing.known_from for missing in found.missing] == [told_by_parent(found)]


def told_by_parent(found: Ledger) -> tuple[str, ...]:
    return (f"prog (pid {found.epochs[0].process.pid}), which forked it",)


def test_many_children_that_vanished_are_told_in_one_sentence(works: Project) -> None:
    found = run(works, "for _ in range(6):\n    os.waitpid(forked(kill), 0)\n")

    (reason,) = found.epochs[0].reasons
    assert reason.kind == RELATIVE
    assert reason.why.startswith("forked 6 processes: ")
    assert reason.why.endswith(" and 2 more, of which nothing is here")


def test_children_that_ended_by_themselves_have_a_silence_that_counts(works: Project) -> None:
    found = run(
        works,
        """
for _ in range(4):
    if not os.fork():
        sys.exit(0)
    os.wait()
""",
    )

    assert [epoch.closed for epoch in found.epochs] == ["exit"] * 5
    assert {epoch.parent for epoch in found.epochs[1:]} == {found.epochs[0].process.identity}
    assert sorted(epoch.number for epoch in found.epochs) == [1, 2, 3, 4, 5]
    assert found.is_complete


def test_a_child_that_was_killed_after_it_imported_something_leaves_a_trace(works: Project) -> None:
    found = run(works, "os.waitpid(forked(lambda: (fetch(), kill())), 0)\n")

    names = {told for missing in found.missing for told in missing.known_from}
    assert len(found.epochs) + len(found.missing) == 2
    if found.missing:  # it was killed before it wrote anything
        assert any("the list of processes" in name for name in names)
        assert any("which forked it" in name for name in names)
    else:
        assert kinds(found)[1] == [UNCLOSED]


def test_a_child_that_lives_for_a_while_leaves_a_trace_though_it_uses_nothing(works: Project) -> None:
    found = run(works, "os.waitpid(forked(lambda: (live(), kill())), 0)\n")

    assert not found.is_complete
    parent, child = found.epochs
    assert (parent.closed, child.closed) == ("exit", LOST)
    assert child.watched == ("shop.old",)
    assert [reason.kind for reason in child.reasons] == [UNCLOSED]


def test_a_child_whose_parent_watches_nothing_leaves_no_trace_while_it_uses_nothing(
    shop: Project,
) -> None:
    shop.write({"shop/old.py": "used = 1\n"})
    found = run(shop, "os.waitpid(forked(lambda: (idle(), kill())), 0)\n")

    assert len(found.epochs) == 1
    assert found.is_complete


def test_a_parent_gives_signs_of_life_after_it_has_forked(works: Project) -> None:
    program = """
time.sleep(0.5)
os.waitpid(forked(lambda: None), 0)
from ssot_probe import startup
pump = startup.activate().pump
before = pump.is_running
idle()
print(before, pump.is_running)
"""
    works.write({"prog.py": PRELOADED + program})
    assert works.run("-W", "error", "prog.py")[:3] == (0, "False True\n", "")


def test_a_parent_knows_of_a_child_whose_recording_is_lost_without_any_list(works: Project) -> None:
    run(works, "os.waitpid(forked(lambda: (fetch(), time.sleep(0.5))), 0)\n")
    (fork,) = works.recorded().of(ForkRecord)
    assert fork.is_expected

    (works.recordings / FILE_NAME).unlink()
    (file,) = works.recordings.glob(f"*-{fork.child[:8]}.traces.jsonl")
    file.unlink()
    found = read(works)

    assert [missing.identity for missing in found.missing if missing.identity] == [fork.child]
    assert "relative" in kinds(found)[0]


def test_a_child_s_parent_that_is_not_there_is_missing(works: Project) -> None:
    found = run(works, "child = os.fork()\nget_manager('bert')\nif child: os.waitpid(child, 0)\n")
    parent = found.epochs[0].process.identity
    (works.recordings / FILE_NAME).unlink()
    (file,) = works.recordings.glob(f"*-{parent[:8]}.traces.jsonl")
    file.unlink()

    found = read(works)
    assert parent in [missing.identity for missing in found.missing]
    assert kinds(found) == [["relative"]]


def test_a_killed_process_has_a_last_sign_of_life(works: Project) -> None:
    works.write({"prog.py": PRELOADED + "print('ready', flush=True)\ntime.sleep(60)\n"})
    process = works.start([works.python, "prog.py"])
    line_of(process.stdout, "ready")
    wait_until(lambda: works.recorded().modules(), "something is in the file")
    process.kill()
    process.communicate()

    (epoch,) = read(works).epochs
    assert epoch.closed == LOST
    assert epoch.last > epoch.armed
    assert [reason.kind for reason in epoch.reasons] == [UNCLOSED]


@pytest.fixture
def two(works: Project) -> Path:
    """The recordings of a parent and of a child of it that both ended well, in several lines each."""
    run(
        works,
        """
from ssot_probe import startup
child = os.fork()
for user in ("bert", "carl"):
    get_manager(user)
    startup.activate().flush(20)
if child:
    os.waitpid(child, 0)
""",
    )
    return works.recordings


def test_a_file_that_was_dropped_is_noticed_from_the_list_and_from_the_numbers(two: Path) -> None:
    last = max(two.glob("*.traces.jsonl"))
    last.unlink()
    assert len(ledger(load([str(two)])).missing) == 1
    (two / FILE_NAME).unlink()
    assert not ledger(load([str(two)])).is_complete


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_file_that_was_cut_off_takes_the_worth_of_the_silence(two: Path, kept: float) -> None:
    for file in two.glob("*.traces.jsonl"):
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * kept)])
    try:
        found = ledger(load([str(two)]))
    except NoEvidenceError:
        return  # nothing is left of either
    assert not found.is_complete
    assert all(epoch.reasons for epoch in found.epochs)


def test_lines_that_are_gone_are_records_that_are_lost(two: Path) -> None:
    for file in two.glob("*.traces.jsonl"):
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join(lines[:-2] + lines[-1:]))
    found = ledger(load([str(two)]))
    assert any(kind == RECORDS_LOST for reasons in kinds(found) for kind in reasons)


def test_duplicates_and_another_order_change_nothing(two: Path, tmp_path: Path) -> None:
    before = ledger(load([str(two)]))
    for file in two.glob("*.traces.jsonl"):
        lines = file.read_bytes().splitlines(keepends=True)
        (two / f"again-{file.name}").write_bytes(b"".join(reversed(lines)))
    assert ledger(load([str(two)])) == before
    assert before.is_complete


def test_the_directories_of_two_hosts_are_two_lists(works: Project, tmp_path: Path) -> None:
    for host in ("one", "other"):
        directory = str(tmp_path / "hosts" / host)
        works.write({"prog.py": PRELOADED})
        assert works.run("prog.py", environment={"SSOT_PROBE_DIR": directory}).code == 0
    found = ledger(load([str(tmp_path / "hosts")]))
    assert found.is_complete
    assert [epoch.number for epoch in found.epochs] == [1, 1]
    assert len({epoch.directory for epoch in found.epochs}) == 2


def test_a_full_disk_takes_the_worth_of_the_silence(works: Project) -> None:
    program = """
import resource
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
time.sleep(0.5)
resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
for number in range(10):
    get_manager(f"user {number}")
"""
    works.write({"prog.py": PRELOADED + program})
    assert works.run("prog.py").code == 0
    found = read(works)
    assert [reason.kind for reason in found.epochs[0].reasons] == [UNCLOSED]


def test_a_worker_for_each_job_neither_grows_nor_swamps_the_recording(works: Project) -> None:
    found = run(
        works,
        """
for number in range(60):
    os.waitpid(forked(lambda: get_manager(f"user {number}")), 0)
""",
    )
    told = [span for process in works.recorded().processes for span in process.spans]
    assert len([span for span in told if span.name == "ssot.forks"]) <= 2
    children = [record.child for record in works.recorded().of(ForkRecord)]
    assert len(children) == len(set(children)) == 60
    assert len(found.missing) + len(found.epochs) == 61
