"""Threads and jobs as they are told apart."""

from __future__ import annotations

import sys
import threading

import pytest

from ssot_probe.observe.actors import Thread


def test_the_main_thread_is_no_worker_though_it_was_observed_before_threading_was_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as early:
        early.delitem(sys.modules, "threading")
        main = Thread()
        assert main.takes_jobs

    assert not main.takes_jobs


def test_any_other_thread_may_be_a_worker() -> None:
    found: list[Thread] = []
    other = threading.Thread(target=lambda: found.append(Thread()))
    other.start()
    other.join()

    assert found[0].takes_jobs
