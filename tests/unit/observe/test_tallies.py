"""What is handed out again and again is counted exactly, whoever asks for it and whatever happens."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections import Counter
from pathlib import Path
from time import time_ns

import pytest
from support.application import observed
from support.children import run

from ssot_probe.context.current import bind_user
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import AccessRecord, MakeRecord, SharingRecord
from ssot_probe.observe import tallies
from ssot_probe.testing import Capture

APPLICATION = """
    class BoxManager:
        pass

    kept = {}

    def get_manager(key="shared"):
        if key not in kept:
            kept[key] = BoxManager()
        return kept[key]

    def find_manager(key="shared"):
        return get_manager(key)

    def often(times, key="shared"):
        for _ in range(times):
            get_manager(key)
"""

POLICY = Policy(concepts=(Concept("box", ("BoxManager",)),))


def handed_out(capture: Capture) -> Counter[str]:
    """Return how often each maker handed something out, in all."""
    counts: Counter[str] = Counter()
    for record in capture.records:
        if isinstance(record, MakeRecord) and record.outcome == "returned":
            counts[record.maker.rpartition(":")[2]] += record.count
    return counts


def test_calls_that_say_nothing_new_are_counted_and_leave_nothing_else(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        app.often(1_000)
        (tally,) = tallies._open
        assert tally.count > 990
        before = time_ns()
        app.often(10)
        after = time_ns()
    assert handed_out(capture) == {"get_manager": 1_010}
    records = [record for record in capture.records if isinstance(record, MakeRecord)]
    assert before <= max(record.last for record in records) <= after
    assert sum(record.unattributed for record in records if record.outcome == "returned") == 1_010


def test_each_maker_counts_its_own_calls(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        for number in range(100):
            app.find_manager()
            if number % 3 == 0:
                app.get_manager()
    assert handed_out(capture) == {"get_manager": 134, "find_manager": 100}
    records = [record for record in capture.records if isinstance(record, MakeRecord)]
    assert sum(record.count for record in records if record.chain and record.outcome == "returned") == 100


def test_users_who_take_turns_are_told_and_counted(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        for turn in range(60):
            with bind_user(f"user {turn // 7 % 3}"):
                app.get_manager()
                app.often(3)
        app.often(5)
    assert handed_out(capture) == {"get_manager": 245}
    assert len({record.user for record in capture.records if isinstance(record, AccessRecord)}) == 3
    assert [record.user_count for record in capture.records if isinstance(record, SharingRecord)] == [2]
    assert sum(r.unattributed for r in capture.records if isinstance(r, MakeRecord)) == 5


def test_many_threads_lose_nothing_when_they_end(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        threads = [threading.Thread(target=app.often, args=(2_000,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        del threads, thread
    assert handed_out(capture) == {"get_manager": 16_000}
    assert not [tally for tally in tallies._open if tally.owner() is None]


def test_tasks_that_take_turns_are_told_apart(tmp_path: Path) -> None:
    async def ask(app: object) -> None:
        for _ in range(20):
            app.often(3)  # type: ignore[attr-defined]
            await asyncio.sleep(0)

    async def main(app: object) -> None:
        await asyncio.gather(*(ask(app) for _ in range(5)))

    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        with bind_user("anna"):
            asyncio.run(main(app))
            app.often(10)
        assert capture.records
        names = {name for _, name in capture._probe.population.sightings._users["anna"].homes}
    assert handed_out(capture) == {"get_manager": 310}
    assert len(names) == 5


def test_an_instance_that_was_replaced_is_another_one(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        for _ in range(50):
            app.kept.clear()
            gc.collect(0)
            with bind_user("anna"):
                app.often(4)
    assert handed_out(capture) == {"get_manager": 200}
    records = [record for record in capture.records if isinstance(record, MakeRecord)]
    assert sum(record.count for record in records if record.outcome == "constructed") == 50


def test_no_instance_is_kept_alive(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, _):
        app.often(10)
        (tally,) = tallies._open
        assert tally.find() is app.kept["shared"]
        app.kept.clear()
        gc.collect()
        assert tally.find() is None


def test_a_thread_and_a_process_keep_only_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "MOST_OF_A_THREAD", 3)
    monkeypatch.setattr(tallies, "MOST_TALLIES", 6)
    source = "".join(
        f"\n    def often_{number}():\n        for _ in range(5):\n            get_manager()\n"
        for number in range(20)
    )
    with observed(tmp_path, APPLICATION + source, POLICY) as (app, capture):
        for _ in range(3):
            for number in range(20):
                getattr(app, f"often_{number}")()
        assert len(tallies._open) <= 6
        assert len(tallies.mine.tallies) <= 3
    assert handed_out(capture) == {"get_manager": 300}


FORKING = """
import os, time
import boxes

boxes.often(100)
child = os.fork()
boxes.often(10)
if not child:
    time.sleep(0.3)
    boxes.often(5)
    time.sleep(0.7)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
os._exit(0)  # what was counted after the fork had to wake the recorder
"""

BOXES = """
class BoxManager:
    pass

shared = BoxManager()

def get_manager():
    return shared

def often(times):
    for _ in range(times):
        get_manager()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_after_a_fork_both_processes_count_what_is_their_own(tmp_path: Path) -> None:
    done = run(tmp_path, program=FORKING, files={"boxes.py": BOXES})
    counts = [
        sum(record.count for record in process.of(MakeRecord) if record.outcome == "returned")
        for process in done.processes
    ]
    assert counts == [110, 15]
