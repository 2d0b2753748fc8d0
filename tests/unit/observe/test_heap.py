"""The number of objects, counted beside threads that make some."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from threading import Thread

from ssot_probe.observe.heap import count_objects


def test_all_that_the_garbage_collector_knows_is_counted() -> None:
    kept: list[list[int]] = []
    gc.collect()
    before = count_objects()
    kept += [[] for _ in range(10_000)]
    assert 9_000 < count_objects() - before < 11_000
    assert abs(len(gc.get_objects()) - count_objects()) < 1_000


def test_a_tuple_that_another_thread_makes_meanwhile_comes_out_whole() -> None:
    made: list[tuple[int, ...]] = []
    failed: list[BaseException] = []

    def numbers() -> Iterator[int]:
        yield from range(300)

    def make() -> None:
        try:
            while len(made) < 2_000:
                made.append(tuple(numbers()))
        except SystemError as error:
            failed.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = Thread(target=make)
    try:
        thread.start()
        while thread.is_alive():
            count_objects()
    finally:
        sys.setswitchinterval(interval)
        thread.join()
    assert not failed
    assert set(map(len, made)) == {300}
