"""Who is inside an instance's methods at the same time, against a model that only compares intervals."""

from __future__ import annotations

import gc
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssot_probe.context.sources import UserReader
from ssot_probe.model.policy import Concept
from ssot_probe.observe.actors import Thread
from ssot_probe.observe.instances import InstanceTable
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.overlaps import TOLD_ONE_BY_ONE, InstanceUse, OverlapEvent, Overlaps, Visit

READERS: tuple[UserReader, ...] = ()
METHOD = Maker("shop:Cart.add", "method", None, READERS)
CLASS = ObservedClass("shop:Cart", 1, Concept("cart", ("Cart",)), False)
CODE = compile("", "shop.py", "exec")


class Cart:
    pass


class Call(NamedTuple):
    """Some call of a task: of which one, and for whom."""

    task: int
    user: str


steps = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from("abc"), st.booleans()),
    max_size=40,
)
"""What happens, in order: a task's newest call ends, or the task makes one more (inside its newest one)."""


class World:
    """An instance that tasks call, each in a thread of its own, one call in another."""

    def __init__(self) -> None:
        self.events: list[OverlapEvent] = []
        self.overlaps = Overlaps(self.events.append)
        self.cart = Cart()
        self.known = InstanceTable().add(self.cart, "a")
        self.known.use = self.use = InstanceUse()
        self.threads = [Thread() for _ in range(5)]
        self.running: list[list[Visit]] = [[] for _ in self.threads]

    def enter(self, task: int, user: str) -> None:
        visit = Visit(user, self.threads[task])
        visit.waits = True
        visit.method, visit.code, visit.offset = METHOD, CODE, 0
        visit.depth = 1
        self.use.visits[visit] = None
        self.running[task].append(visit)
        self.overlaps.look_around(self.known, CLASS, visit)

    def leave(self, task: int) -> None:
        visit = self.running[task].pop()
        visit.depth = 0
        del self.use.visits[visit]
        self.overlaps.close(visit)


@given(steps)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_overlap_is_noticed_whenever_another_users_call_of_another_task_is_inside(
    steps: list[tuple[int, str, bool]],
) -> None:
    from unittest.mock import patch

    world = World()
    expected = 0
    inside: list[list[str]] = [[] for _ in world.threads]
    # A call of the same task is recognised by the frames around it, which there are none of here.
    with patch("ssot_probe.observe.overlaps._is_around", lambda other, mine: other.thread is mine.thread):
        for task, user, enters in steps:
            if enters:
                others = [one for number, users in enumerate(inside) if number != task for one in users]
                expected += any(other != user for other in others)
                inside[task].append(user)
                world.enter(task, user)
            elif inside[task]:
                inside[task].pop()
                world.leave(task)
    world.overlaps.stop()
    counted = sum(event.count for event in world.events)
    told = [
        number for number in range(1, expected + 1) if number <= TOLD_ONE_BY_ONE or number & (number - 1) == 0
    ]
    assert len(world.events) == len(told)
    assert counted == (told[-1] if told else 0)
    for event in world.events:
        assert event.first.user != event.second.user
    assert not world.overlaps._open


def test_an_overlap_ends_when_the_first_of_the_two_leaves() -> None:
    world = World()
    world.enter(0, "a")
    world.enter(1, "b")
    assert world.events == []
    world.leave(0)
    (event,) = world.events
    assert event.until > 0
    world.leave(1)
    assert len(world.events) == 1


def test_an_overlap_that_is_not_over_is_told_in_the_end() -> None:
    world = World()
    world.enter(0, "a")
    world.enter(1, "b")
    world.overlaps.stop()
    (event,) = world.events
    assert event.until == 0
    world.leave(0)
    assert len(world.events) == 1


def test_what_is_noted_keeps_no_instance_alive() -> None:
    world = World()
    world.enter(0, "a")
    world.enter(1, "b")
    reference: Any = world.known
    world.cart = None  # type: ignore[assignment]
    gc.collect()
    assert reference() is None
