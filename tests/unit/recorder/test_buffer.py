"""The buffer: bounded, and under a flood it keeps what was never seen before."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ssot_probe.losses import QUEUE_FULL, Losses
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import BlindRecord
from ssot_probe.observe.call_sites import CallSite
from ssot_probe.observe.makers import MakeEvent, Maker, ObservedClass
from ssot_probe.recorder.buffer import Buffer

MAKERS = [Maker(f"app:make_{number}", "function", None, ()) for number in range(12)]
BOX = ObservedClass("app:Box", 1, Concept("box", ("Box",)), False)
CODE = compile("", "app.py", "exec")


@cache
def site(number: int, offset: int) -> CallSite:
    """Return the place at which one of the makers is called."""
    return CallSite(MAKERS[number], "returned", BOX, CODE, offset)


def call(number: int, is_first: bool = False, offset: int = 0) -> tuple[object, ...]:
    """Return the event of a call of one of the makers, as a wrapper leaves it."""
    event = MakeEvent(
        site=site(number, offset),
        instance=None,
        user=None,
        is_first_meeting=is_first,
        thread="",
        task="",
        origin=None,
        born=None,
        request=("", ""),
        time=1,
    )
    return tuple(event)


def filled(items: Sequence[Any], limit: int) -> tuple[Buffer, Losses, list[int]]:
    """Return a buffer after all items came and none was taken out."""
    losses, started = Losses(), [0]

    def start() -> None:
        started[0] += 1

    buffer = Buffer(losses, start, limit)
    for item in items:
        buffer.add(item)
    return buffer, losses, started


items_of_a_flood = st.lists(
    st.one_of(
        st.builds(call, st.integers(0, 11), st.booleans(), st.integers(0, 2)),
        st.builds(BlindRecord, st.text(max_size=3), st.just("reason"), st.just(1)),
    ),
    max_size=120,
)


@settings(max_examples=200, deadline=None)
@given(items_of_a_flood, st.integers(1, 40))
def test_whatever_comes_the_buffer_is_bounded_and_losses_are_counted(items: list[Any], limit: int) -> None:
    buffer, losses, started = filled(items, limit)
    assert len(buffer.items) <= 2 * limit
    assert len(items) - len(buffer.items) == losses.by_reason().get(QUEUE_FULL, 0)
    assert started == [1 if items else 0]


@settings(max_examples=200, deadline=None)
@given(items_of_a_flood, st.integers(1, 40))
def test_what_is_kept_is_in_the_order_in_which_it_came(items: list[Any], limit: int) -> None:
    buffer, _, _ = filled(items, limit)
    kept, coming = list(buffer.items), iter(items)
    assert all(any(item is one for one in coming) for item in kept)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 30), st.integers(200, 400))
def test_after_a_flood_of_one_call_the_first_call_of_others_is_kept(limit: int, flood: int) -> None:
    others = [call(number) for number in range(1, min(12, limit))]
    buffer, _, _ = filled([call(0)] * flood + others, limit)
    assert all(any(item is other for item in buffer.items) for other in others)


def test_the_first_meeting_of_a_user_and_an_instance_outlives_a_flood() -> None:
    buffer, _, _ = filled([*[call(0)] * 1_000, call(0, is_first=True)], 100)
    assert buffer.items[-1] == call(0, is_first=True)


def test_what_is_not_a_call_is_kept_in_a_flood() -> None:
    record = BlindRecord("subject", "reason", 1)
    buffer, losses, _ = filled([*[call(0)] * 100, record], 10)
    assert record in buffer.items
    assert losses.by_reason() == {QUEUE_FULL: 89}


def test_there_is_an_end_to_what_is_kept() -> None:
    records = [BlindRecord(f"subject {number}", "reason", 1) for number in range(100)]
    buffer, losses, _ = filled(records, 10)
    assert list(buffer.items) == records[:20]
    assert losses.by_reason() == {QUEUE_FULL: 80}


def test_what_was_taken_out_makes_room() -> None:
    buffer, losses, _ = filled([call(0)] * 10, 10)
    assert len(buffer.take(4)) == 4
    buffer.add(call(0))
    assert len(buffer.items) == 7
    assert len(buffer.take(100)) == 7
    assert buffer.take(5) == []
    assert losses.by_reason() == {}


def test_a_buffer_that_was_cleared_is_as_new() -> None:
    buffer, _, started = filled([call(0)] * 50, 10)
    buffer.clear()
    assert not buffer.items
    buffer.add(call(0))
    assert started == [2]


def test_threads_may_add_at_the_same_time() -> None:
    buffer, losses, _ = filled([], 1_000)

    def work() -> None:
        for _ in range(1_000):
            buffer.add(call(0))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(buffer.items) + losses.by_reason()[QUEUE_FULL] == 4_000
    assert len(buffer.items) <= 2_000
