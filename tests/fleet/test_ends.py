"""Processes that fork, start others, become others, and end in every way there is."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from fleet.support.cases import Case, parameters
from fleet.support.examine import examine
from fleet.support.programs import detached, program

WORK = """
import os, signal, subprocess, sys, threading, time
from shop.work import answer

def work(users, count=8):
    for number in range(count):
        answer(users[number % len(users)], number % 4 == 0)

def begin():
    work(["anna", "bert"])

def finish():
    open(os.path.join(os.environ["TRUTH"], "..", "done"), "w").write(str(os.getpid()))
"""

FORK = """
begin()
child = os.fork()
if not child:
    work(["carla", "bert"])
    {last}
{parent}
status = os.waitpid(child, 0)[1]
assert status == {status}, status
"""

MANY = """
begin()
for number in range(40):
    if not os.fork():
        work(["carla"], 1 + number % 2)
        sys.exit()
    os.wait()
"""

IDLE = """
begin()
child = os.fork()
if not child:
    for _ in range(30):
        time.sleep(0.1)
        import gc; gc.collect()
    sys.exit()
os.wait()
"""

IN_A_THREAD = """
def fork():
    child = os.fork()
    if not child:
        work(["carla"])
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)
    os.waitpid(child, 0)

begin()
thread = threading.Thread(target=fork)
thread.start()
thread.join()
"""

STARTS = """
begin()
if len(sys.argv) < 2:
    subprocess.run([sys.executable, *{options}, "main.py", "again"], check=True)
"""

BECOMES = """
begin()
if len(sys.argv) < 2:
    {wait}
    os.execv({name}, [{name}, *{arguments}])
"""

HEARS = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where this runs in the background
"""

DAEMON = """
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
"""

DAEMON_AT_WORK = """
begin()
time.sleep(0.3)
finish()
"""

GEVENT = """
{early}
{late}
begin()
subprocess.run(["true"], check=True)
if not os.fork():
    work(["carla"])
    subprocess.run(["true"], check=True)
    sys.exit()
os.wait()
"""

PATCH = "import gevent.monkey; gevent.monkey.patch_all()"

NOHUP = """
begin()
time.sleep(0.3)
finish()
"""

ORPHAN = """
begin()
time.sleep(1.5)
reading, writing = os.pipe()
if not os.fork():
    os.setsid()
    os.close(writing)
    os.read(reading, 1)  # until the parent is gone
    work(["carla"])
    finish()
    sys.exit()
os.kill(os.getpid(), signal.SIGKILL)
"""

UNCLOSED = "past every handler: what came in the last 0.1 s (first 2 s) may be lost"
LEFT = "os._exit may be how a crash is handled: no last word, and nothing else is lost"
BECAME = "exec may fail: no last word, and nothing else is lost"
KILLED = "killed: what came in the last 0.1 s (first 2 s) may be lost"
C_EXIT = "import ctypes; ctypes.CDLL(None)._exit(4)"
WAITS = "time.sleep(2.5)"


def forked(last: str, status: int = 0, parent: str = "", extra: str = "") -> str:
    """Return the text of a program that forks a child which ends so."""
    return WORK + extra + FORK.format(last=last, status=status, parent=parent)


def signalled(number: int, after: str = "pass") -> str:
    """Return the text of a program whose child gets a signal, after some time."""
    return forked(f"{after}; os.kill(os.getpid(), {number}); time.sleep(30)", int(number))


HANDLER = """
def handle(number, frame):
    {does}

signal.signal(signal.SIGTERM, handle)
"""


def handled(does: str) -> str:
    """Return the text of a program whose child handles SIGTERM itself."""
    kills = "os.kill(os.getpid(), signal.SIGTERM); time.sleep(30)"
    return forked(kills, 5 << 8, extra=HANDLER.format(does=does))


def becomes(name: str, *arguments: str, wait: str = "pass") -> str:
    """Return the text of a program that becomes another one."""
    return WORK + BECOMES.format(name=name, arguments=list(arguments), wait=wait)


QUIET = ("-W", "ignore::DeprecationWarning")

CASES = [
    Case("os.fork, sys.exit", program(forked("sys.exit(3)", 3 << 8)), is_thin=True),
    Case("os.fork, an exception that nobody catches", program(forked("1 / 0", 1 << 8)), says="1 / 0"),
    Case("os.fork, 40 short children one after the other", program(WORK + MANY), 41),
    Case("os.fork, a child that does nothing for 3 s", program(WORK + IDLE), 1),
    Case("os.fork in a thread, SIGTERM", program(WORK + IN_A_THREAD, options=QUIET)),
    Case(
        "os.fork, os._exit at once",
        program(forked("os._exit(4)", 4 << 8)),
        loses=LEFT,
        is_counted=True,
        is_thin=True,
    ),
    Case(
        "os.fork, os._exit after 2.5 s",
        program(forked(f"{WAITS}; os._exit(4)", 4 << 8)),
        loses=LEFT,
        is_counted=True,
    ),
    Case("os._exit at once", program(WORK + "begin(); os._exit(4)", code=4), 1, loses=LEFT, is_counted=True),
    Case("os.fork, _exit of C at once", program(forked(C_EXIT, 4 << 8)), loses=UNCLOSED),
    Case("SIGTERM", program(signalled(signal.SIGTERM)), is_thin=True),
    Case("SIGTERM, handled by sys.exit", program(handled("sys.exit(5)"))),
    Case("SIGTERM, handled by os._exit", program(handled("os._exit(5)")), loses=LEFT, is_counted=True),
    Case("SIGINT", program(HEARS + signalled(signal.SIGINT)), says="KeyboardInterrupt"),
    Case("SIGHUP", program(signalled(signal.SIGHUP)), loses=KILLED),
    Case("SIGKILL at once", program(signalled(signal.SIGKILL)), loses=KILLED, is_thin=True),
    Case(
        "SIGKILL after 2.5 s",
        program(signalled(signal.SIGKILL, WAITS)),
        loses="killed: no last word, and nothing else is lost",
        is_counted=True,
    ),
    Case(
        "SIGKILL of the parent, a child that goes on", detached(WORK + ORPHAN, -signal.SIGKILL), loses=KILLED
    ),
    Case("subprocess", program(WORK + STARTS.format(options=[]))),
    Case(
        "subprocess, python -S",
        program(WORK + STARTS.format(options=["-S"])),
        loses="-S keeps the probe out of it: said, with the line that starts it",
    ),
    Case(
        "exec of Python",
        program(becomes("sys.executable", "main.py", "again")),
        1,
        loses=BECAME,
        is_counted=True,
        is_reborn=True,
    ),
    Case(
        "exec of Python after 2.5 s",
        program(becomes("sys.executable", "main.py", "again", wait=WAITS)),
        1,
        loses=BECAME,
        is_counted=True,
        is_reborn=True,
    ),
    Case("exec of another program", program(becomes("'/bin/true'")), 1, loses=BECAME, is_counted=True),
    Case(
        "double fork, as a daemon does",
        detached("import os" + DAEMON + WORK + DAEMON_AT_WORK),
        1,
        is_thin=True,
    ),
    Case(
        "double fork, after the application was loaded",
        detached(WORK + DAEMON + DAEMON_AT_WORK),
        1,
        loses=LEFT,
        is_counted=True,
    ),
    Case(
        "gevent, patched first; os.fork and subprocess",
        program(PATCH + WORK + GEVENT.format(early="", late="")),
        needs=("gevent",),
    ),
    Case(
        "gevent, patched when the application was loaded; os.fork and subprocess",
        program(WORK + GEVENT.format(early="", late=PATCH)),
        needs=("gevent",),
    ),
    Case(
        "gevent, patched when the application had worked; os.fork and subprocess",
        program(WORK + GEVENT.format(early="begin(); time.sleep(3)", late=PATCH)),
        needs=("gevent",),
    ),
    Case("nohup, in the background of a shell that ends", detached(WORK + NOHUP, shell=True), 1),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_the_sum_over_processes_is_the_truth(case: Case, tmp_path: Path) -> None:
    assert examine(case, tmp_path).faults == ()
