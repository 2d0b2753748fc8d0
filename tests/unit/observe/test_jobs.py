"""Jobs of thread pools: listened to while the probe runs, and as they were afterwards."""

from __future__ import annotations

import concurrent.futures.thread as pools
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.application import observed

from ssot_probe.context import work
from ssot_probe.model.policy import Concept, Policy, UserSource
from ssot_probe.model.records import ContextRecord

APPLICATION = """
    from contextvars import ContextVar
    current_user = ContextVar("current_user")

    class BoxManager:
        def __init__(self, user_id=None):
            self.user_id = user_id

    def fill(user_id):
        current_user.set(user_id)
        BoxManager(user_id)

    def empty(user_id):
        BoxManager(user_id)
"""

POLICY = Policy(
    concepts=(Concept("box", ("BoxManager",)),),
    user=(UserSource("contextvar", "{name}:current_user"), UserSource("argument", "user_id")),
)


def test_pools_are_as_they_were_once_the_probe_has_stopped(tmp_path: Path) -> None:
    item = vars(pools)["_WorkItem"]
    before = dict(vars(item))
    with observed(tmp_path, APPLICATION, POLICY):
        assert vars(item)["run"] is not before["run"]
        assert vars(item)["run"].__qualname__ == before["run"].__qualname__
    assert dict(vars(item)) == before
    assert not work.watchers
    assert not work.is_noted[0]


def test_without_users_and_concepts_in_the_policy_nothing_is_put_on_pools(tmp_path: Path) -> None:
    before = dict(vars(vars(pools)["_WorkItem"]))
    with observed(tmp_path, APPLICATION, Policy()):
        assert dict(vars(vars(pools)["_WorkItem"])) == before


def test_a_job_that_fails_fails_as_without_the_probe(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY), ThreadPoolExecutor(1) as pool:
        failed = pool.submit(dict[str, int]().__getitem__, "missing")
        with pytest.raises(KeyError) as error:
            failed.result()
        assert "ssot_probe" not in "".join(traceback.format_exception(error.value))
        assert not work.active


def test_a_cancelled_job_leaves_nothing_behind(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY), ThreadPoolExecutor(1) as pool:
        import threading

        gate = threading.Event()
        pool.submit(gate.wait)
        cancelled = pool.submit(print)
        assert cancelled.cancel()
        gate.set()
        assert pool.submit(int).result() == 0
        assert not work.active


def test_what_left_a_context_is_told_with_its_place(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture), ThreadPoolExecutor(1) as pool:
        pool.submit(app.fill, "anna").result()
        pool.submit(app.fill, "bert").result()
        pool.submit(app.empty, "carl").result()
        told = [record for record in capture.records if isinstance(record, ContextRecord)]
    assert {(record.moment, record.severity) for record in told} == {("call", "error"), ("job", "warning")}
    (job,) = (record for record in told if record.moment == "job")
    assert job.since.endswith(":9")
    assert job.maker == "fill"
    assert "anna" not in repr(told)


def test_users_of_one_fact_are_counted_as_pairs(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture), ThreadPoolExecutor(1) as pool:
        pool.submit(app.fill, "anna").result()
        for user in ("bert", "carl", "bert"):
            pool.submit(app.empty, user).result()
        told = [record for record in capture.records if isinstance(record, ContextRecord)]
    assert sum(record.count for record in told) == 3
    assert max(record.pairs for record in told) == 2
