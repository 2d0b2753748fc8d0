"""A program that makes instances faster than the probe can tell of them loses records, and nothing else."""

from __future__ import annotations

import json

from process.project import Project

BUSY = """\
import json, os, resource, sys, threading, time
from shop.manager import get_manager

stop = threading.Event()

def busy():
    while not stop.is_set():
        get_manager("anna")

threads = [threading.Thread(target=busy) for _ in range(2)]
"""

MEMORY = """
UNIT = 1 if sys.platform == "darwin" else 1024

def made(instances):
    for _ in range(instances):
        get_manager("anna")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT

before = made(250_000)
print(json.dumps(made(250_000) - before))
"""

FORKS = """
for thread in threads:
    thread.start()
took = []
for _ in range(5):
    started = time.monotonic()
    child = os.fork()
    if not child:
        os._exit(0)
    took.append(time.monotonic() - started)
    os.waitpid(child, 0)
    time.sleep(0.05)
stop.set()
for thread in threads:
    thread.join()
print(json.dumps(max(took)))
"""

END = """
for thread in threads:
    thread.start()
time.sleep(1)
stop.set()
for thread in threads:
    thread.join()
print(json.dumps(0))
"""


def measured(shop: Project, program: str) -> float:
    policy = 'user = [{ argument = "user_id" }]\n' + (shop.root / "ssot-probe.toml").read_text()
    shop.write({"prog.py": BUSY + program, "ssot-probe.toml": policy})

    outcome = shop.run("-W", "ignore", "prog.py")

    assert (outcome.code, outcome.err) == (0, "")
    return float(json.loads(outcome.out))


def test_memory_does_not_grow_with_instances_that_came_and_went(shop: Project) -> None:
    assert measured(shop, MEMORY) < 30_000_000


def test_a_fork_does_not_wait_for_the_probe(shop: Project) -> None:
    assert measured(shop, FORKS) < 2


def test_what_was_lost_is_told(shop: Project) -> None:
    measured(shop, END)

    assert shop.recorded().states() == ["started", "stopped"]
    assert set(shop.recorded().losses()) <= {"queue_full"}


def test_the_measure_of_memory_is_one(shop: Project) -> None:
    kept = MEMORY.replace(
        '        get_manager("anna")\n    return', "        kept.append(bytes(300))\n    return"
    )

    assert measured(shop, "kept = []\n" + kept) > 30_000_000
