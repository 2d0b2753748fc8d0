"""Looks at shared references in real processes: short ones, forking ones, interrupted ones, large ones."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from support.children import Run, run, run_both

from ssot_probe.model.records import BlindRecord, LookRecord, ProcessRecord, SharedObjectRecord

POLICY = """
    packages = ["shop"]
    user = [{ argument = "user_id" }]
    [[concept]]
    name = "cart"
    classes = ["*CartManager"]
"""

CARTS = """
class CartManager:
    items = []
    def __init__(self, user_id):
        self.user_id = user_id
    def add(self, item):
        self.items.append((self.user_id, item))
"""

FILES = {"shop/__init__.py": "", "shop/carts.py": CARTS}


def execute(directory: Path, program: str, **arguments: Any) -> Run:
    return run(directory, program=program, files=FILES, policy=POLICY, **arguments)


def looks(done: Run) -> list[LookRecord]:
    return done.of(LookRecord)


def mixed(done: Run) -> list[SharedObjectRecord]:
    return [record for record in done.of(SharedObjectRecord) if record.verdict == "mixed"]


def test_a_program_that_is_over_at_once_is_looked_at_while_its_instances_live(tmp_path: Path) -> None:
    program = """
        from shop.carts import CartManager
        def main():
            one, other = CartManager("alice-1"), CartManager("robert-2")
            one.add("tea")
            other.add("milk")
        main()
    """
    arguments = {"program": program, "files": FILES, "policy": POLICY}
    done, _ = run_both(tmp_path, **arguments)
    assert max(record.users_seen for record in looks(done)) == 2
    assert mixed(done)


def test_users_who_are_gone_before_any_look_are_counted_and_what_they_left_is_found(tmp_path: Path) -> None:
    program = """
        from shop.carts import CartManager
        for user in ("alice-1", "robert-2", "carol-3"):
            CartManager(user).add("tea")
    """
    done = execute(tmp_path, program).checked()
    last = looks(done)[-1]
    assert last.users == 3
    assert last.users_seen < 3
    told = {(record.holder, record.severity) for record in mixed(done) if not record.paths}
    assert told == {("shop.carts:CartManager.items", "error")}


def test_one_user_is_looked_at_never(tmp_path: Path) -> None:
    done = execute(
        tmp_path, 'from shop.carts import CartManager\nCartManager("alice-1").add("tea")\n'
    ).checked()
    assert looks(done) == []


TWO_USERS = """
import os, signal, sys, threading, time
from shop.carts import CartManager
one, other = CartManager("alice-1"), CartManager("robert-2")
one.add("tea")
other.add("milk")
"""


def test_every_process_of_a_fork_looks_for_itself(tmp_path: Path) -> None:
    program = TWO_USERS + (
        "for number in range(4):\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        mine = CartManager(f'carol-{number}'), CartManager(f'david-{number}')\n"
        "        mine[0].add('tea'), mine[1].add('milk')\n"
        "        sys.exit()\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
    )
    done = execute(tmp_path, program, options=["-W", "error"]).checked()
    parent, *children = done.processes
    assert len(children) == 4
    assert max(record.users for record in parent.of(LookRecord)) == 2
    for child in children:
        assert max(record.users for record in child.of(LookRecord)) == 2
        assert child.of(LookRecord)[-1].trigger == "end"
    assert not any(done.losses.values())


def test_an_interrupted_program_is_looked_at_and_ends_as_without_the_probe(tmp_path: Path) -> None:
    program = TWO_USERS + (
        "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\ntime.sleep(30)\n"
    )
    done, _ = run_both(tmp_path, program=program, files=FILES, policy=POLICY)
    assert done.code == -signal.SIGINT
    assert mixed(done)
    assert done.of(ProcessRecord)[-1].state == "stopped"


def test_a_look_at_more_than_there_is_time_for_says_so(tmp_path: Path) -> None:
    program = TWO_USERS + (
        "class Node:\n"
        "    def __init__(self, depth):\n"
        "        self.below = [Node(depth - 1) for _ in range(3)] if depth else []\n"
        "one.tree, other.tree = Node(11), Node(11)\n"
    )
    done = execute(tmp_path, program).checked()
    assert any(record.stopped for record in looks(done))
    assert done.of(ProcessRecord)[-1].state == "stopped"


def test_a_loop_that_ticks_beside_a_look_is_looked_at_from_another_thread(tmp_path: Path) -> None:
    program = """
        import asyncio
        from shop.carts import CartManager

        async def serve(user):
            cart = CartManager(user)
            for _ in range(20):
                cart.add("tea")
                await asyncio.sleep(0.005)

        async def main():
            await asyncio.gather(*(serve(f"user-{number}00") for number in range(10)))

        asyncio.run(main())
    """
    done = execute(tmp_path, program).checked()
    assert {record.trigger for record in looks(done)} >= {"users", "end"}
    assert mixed(done)


def test_looks_can_be_switched_off_and_the_recording_says_so(tmp_path: Path) -> None:
    done = execute(tmp_path, TWO_USERS, environment={"SSOT_PROBE_SHARING": "0"}).checked()
    assert looks(done) == []
    assert done.of(SharedObjectRecord) == []
    blind = [(record.subject, record.reason) for record in done.of(BlindRecord)]
    assert ("shared references", "switched off by SSOT_PROBE_SHARING") in blind


def test_a_signal_asks_for_a_look_and_reaches_who_handled_it_before(tmp_path: Path) -> None:
    program = """
        import os, signal, sys, time
        signal.signal(signal.SIGUSR2, lambda number, frame: print("handled"))
        import ssot_probe.auto
        from shop.carts import CartManager
        one = CartManager("alice-1")
        os.kill(os.getpid(), signal.SIGUSR2)
        time.sleep(0.5)
    """
    environment = {"SSOT_PROBE_LOOK_SIGNAL": "sigusr2"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = execute(tmp_path, program, options=["-S"], environment=environment)
    assert done.stdout == "handled\n"
    assert [record.trigger for record in looks(done)] == ["signal"]


def test_a_signal_without_a_name_is_told_in_one_line(tmp_path: Path) -> None:
    done = execute(tmp_path, "print(1)", environment={"SSOT_PROBE_LOOK_SIGNAL": "SIGKILL"})
    assert (done.code, done.stdout) == (0, "1\n")
    assert done.stderr.startswith('ssot-probe is off: SSOT_PROBE_LOOK_SIGNAL: found "SIGKILL"')


@pytest.mark.parametrize("dying", ["os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_what_was_found_before_a_process_was_killed_is_told(tmp_path: Path, dying: str) -> None:
    done = execute(tmp_path, TWO_USERS + f"time.sleep(1.5)\n{dying}\n")
    assert mixed(done)
