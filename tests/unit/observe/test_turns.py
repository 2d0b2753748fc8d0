"""One thread works at a time, and nothing waits for ever."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from ssot_probe.observe import turns
from ssot_probe.observe.turns import Turns


def test_one_thread_works_at_a_time() -> None:
    lock, counted = Turns(), [0]

    def count() -> None:
        for _ in range(2000):
            with lock:
                before = counted[0]
                float("1.5")
                counted[0] = before + 1

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted == [8000]


def test_the_thread_that_has_it_passes_and_gives_it_back_once() -> None:
    lock, arrived = Turns(), Event()

    def other() -> None:
        with lock:
            arrived.set()

    thread = Thread(target=other)
    with lock:
        with lock:
            pass
        thread.start()
        assert not arrived.wait(0.1)
    thread.join()
    assert arrived.is_set()


def test_who_has_waited_long_goes_on_and_takes_nothing_from_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "LONGEST", 0.01)
    lock, passed = Turns(), []

    def hurried() -> None:
        with lock, lock:
            passed.append(1)

    with lock:
        for _ in range(2):
            thread = Thread(target=hurried)
            thread.start()
            thread.join()
    with lock:
        passed.append(2)
    assert passed == [1, 1, 2]
