"""The thread that looks at shared references: when it looks, and that nobody else has to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from time import monotonic, sleep
from typing import Any

import pytest

from ssot_probe.model.policy import Concept
from ssot_probe.observe.instances import InstanceTable
from ssot_probe.observe.looks import PAUSED, TIME, WAITED_FOR_AT_ALL, Looked, Looks
from ssot_probe.observe.makers import ObservedClass
from ssot_probe.observe.roots import Roots, find_roots
from ssot_probe.observe.sharing.found import Look


class Cart:
    pass


class Everybodys:
    pass


CLASSES: dict[type, ObservedClass] = {
    Cart: ObservedClass("shop:Cart", 1, Concept("cart", ("Cart",)), False),
    Everybodys: ObservedClass(
        "shop:Everybodys", 2, Concept("all", ("Everybodys",), isolation="process"), True
    ),
}


class Walk:
    """A traversal of so many slices that notes who ran it."""

    def __init__(self, slices: int, roots: Roots) -> None:
        self.left = slices
        self.why = ""
        self.threads = {threading.get_ident()}
        self.owners = {root.owner for root in roots.owned}

    def advance(self, seconds: float) -> bool:
        self.threads.add(threading.get_ident())
        self.left -= 1
        return self.left <= 0 or bool(self.why)

    def stop(self, why: str) -> None:
        self.why = why

    @property
    def result(self) -> Look:
        return Look((), len(self.owners), len(self.owners), 1, 1, 0, 0, self.why)


class Bench:
    """Looks with a traversal of the test's."""

    def __init__(self) -> None:
        self.instances = InstanceTable()
        self.found: list[Looked] = []
        self.walks: list[Walk] = []
        self.errors: list[BaseException] = []
        self.slices = 1
        self.looks = Looks(self.instances, lambda: CLASSES, self.found.append, self._load, self.errors.append)
        self.looks.start()
        self.instances.on_user = self.looks.on_user
        self.kept: list[Any] = []

    def _load(self) -> Callable[[Roots, Collection[str]], Walk]:
        def begin(roots: Roots, users: Collection[str]) -> Walk:
            self.walks.append(Walk(self.slices, roots))
            return self.walks[-1]

        return begin

    def make(self, user: str, cls: type = Cart) -> Any:
        instance = cls()
        self.kept.append(instance)
        self.instances.add(instance, user)
        return instance

    def until(self, is_so: Callable[[], bool]) -> None:
        end = monotonic() + 20
        while not is_so():
            assert monotonic() < end, "it never came"
            sleep(0.001)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.slices = 1
    bench.looks.pause(5.0)
    bench.looks.stop()
    assert bench.errors == []


def test_one_user_is_not_looked_at(bench: Bench) -> None:
    bench.make("anna")
    bench.until(lambda: bench.looks.is_loaded)
    sleep(0.05)
    assert bench.found == []


def test_the_second_user_s_instance_is_looked_at_before_its_maker_returns(bench: Bench) -> None:
    bench.make("anna")
    bench.make("bert")
    assert bench.walks[0].owners == {"anna", "bert"}
    bench.until(lambda: bool(bench.found))
    assert bench.found[0].trigger == "users"
    assert bench.found[0].users == {"anna", "bert"}


def test_no_look_runs_in_the_application_s_thread(bench: Bench) -> None:
    for number in range(5):
        bench.make(f"user {number}")
    bench.until(lambda: len(bench.found) >= 3)
    assert all(threading.get_ident() not in walk.threads for walk in bench.walks)


def test_what_was_looked_at_is_looked_at_again(bench: Bench) -> None:
    bench.make("anna")
    bench.make("bert")
    bench.until(lambda: any(found.trigger == "again" for found in bench.found))


def test_some_calls_after_a_user_came_are_waited_for_and_then_none(bench: Bench) -> None:
    bench.make("anna")
    bench.make("bert")
    looked = len(bench.walks)
    for _ in range(200):
        if bench.instances.give_way is not None:
            bench.instances.give_way()
    assert len(bench.walks) > looked
    assert bench.instances.give_way is None


def test_who_gets_hold_of_an_instance_waits_after_the_call_of_it_not_before(bench: Bench) -> None:
    bench.make("anna")
    bench.until(lambda: bench.looks.is_loaded)
    bench.slices = 10**9
    known = bench.instances.find(bench.kept[0])
    assert known is not None
    bench.instances.meets(known, "bert")
    assert bench.looks._patience == WAITED_FOR_AT_ALL
    assert bench.instances.give_way is not None
    bench.instances.give_way()
    assert bench.looks._patience < WAITED_FOR_AT_ALL


def test_who_gets_hold_of_what_is_everybodys_waits_at_once_as_no_call_is_listened_to(bench: Bench) -> None:
    bench.make("anna")
    bench.until(lambda: bench.looks.is_loaded)
    bench.slices = 10**9
    bench.kept.append(Everybodys())
    bench.instances.meets(bench.instances.add(bench.kept[-1], "anna"), "bert")
    assert bench.looks._patience < WAITED_FOR_AT_ALL


def test_the_application_never_waits_longer_than_it_is_said_to(bench: Bench) -> None:
    bench.make("anna")
    bench.until(lambda: bench.looks.is_loaded)
    bench.slices = 10**9
    bench.make("bert")
    for _ in range(200):
        if bench.instances.give_way is not None:
            bench.instances.give_way()
    assert bench.found == []  # it did not wait for the end of that look


def test_a_look_that_is_asked_for_runs_at_once_and_in_full(bench: Bench) -> None:
    bench.make("anna")
    assert bench.looks.look("call")
    assert [(found.trigger, found.look.stopped) for found in bench.found] == [("call", "")]


def test_a_look_that_takes_too_long_says_so(bench: Bench) -> None:
    bench.slices = 10**9
    assert bench.looks.look("end", 0.01)
    assert bench.found[0].look.stopped == TIME


def test_a_look_that_is_under_way_ends_before_a_fork(bench: Bench) -> None:
    bench.make("anna")
    bench.until(lambda: bench.looks.is_loaded)
    bench.slices = 10**9
    bench.make("bert")
    bench.until(lambda: bool(bench.walks))
    bench.looks.pause(20.0)
    assert [found.look.stopped for found in bench.found] == [PAUSED]


def test_looks_go_on_after_a_fork(bench: Bench) -> None:
    bench.make("anna")
    bench.make("bert")
    bench.looks.pause(20.0)
    before = len(bench.found)
    bench.looks.resume()
    bench.until(lambda: len(bench.found) > before)


def test_a_forked_child_knows_nobody(bench: Bench) -> None:
    bench.make("anna")
    bench.make("bert")
    bench.looks.pause(20.0)
    bench.instances.forget_users()
    bench.looks.forget()
    bench.found.clear()
    bench.looks.resume()
    bench.make("carl")
    bench.until(lambda: bench.looks.is_loaded)
    sleep(0.05)
    assert bench.found == []


def test_a_signal_s_request_is_met_without_a_second_user(bench: Bench) -> None:
    bench.looks.request("signal")
    bench.until(lambda: bool(bench.found))
    assert bench.found[0].trigger == "signal"


def test_nothing_is_looked_at_once_it_is_stopped(bench: Bench) -> None:
    bench.looks.stop()
    bench.make("anna")
    bench.make("bert")
    assert not bench.looks.look("call")
    assert bench.walks == []


def test_a_failing_look_is_reported_and_costs_nothing_more() -> None:
    bench = Bench()
    bench._load = lambda: 1 / 0  # type: ignore[assignment,method-assign,return-value]
    bench.looks = Looks(
        bench.instances, lambda: CLASSES, bench.found.append, bench._load, bench.errors.append
    )
    bench.looks.start()
    bench.instances.on_user = bench.looks.on_user
    bench.make("anna")
    bench.make("bert")
    bench.until(lambda: bool(bench.errors))
    assert not bench.looks.look("end")
    assert all(isinstance(error, ZeroDivisionError) for error in bench.errors)


def test_a_look_that_fails_once_is_not_the_last(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = [RuntimeError("changed while it was read")]
    advance = Walk.advance
    monkeypatch.setattr(
        Walk, "advance", lambda walk, seconds: _raise(failing.pop()) if failing else advance(walk, seconds)
    )
    bench.make("anna")
    bench.make("bert")
    bench.until(lambda: bool(bench.found))
    assert [str(error) for error in bench.errors] == ["changed while it was read"]
    bench.errors.clear()


def _raise(error: Exception) -> bool:
    raise error


def test_roots_are_the_instances_of_one_user_each(bench: Bench) -> None:
    anna, _, both = bench.make("anna"), bench.make("bert", Everybodys), bench.make("carl")
    nobody = Cart()
    bench.instances.add(nobody)
    known = bench.instances.find(both)
    assert known is not None
    bench.instances.meets(known, "dora")
    roots = find_roots(bench.instances, CLASSES)
    assert [(root.instance, root.owner) for root in roots.owned] == [(anna, "anna")]
    assert roots.shared == (both,)
    assert roots.users == {"anna", "carl", "dora"}


def test_an_instance_that_is_gone_is_no_root(bench: Bench) -> None:
    bench.make("anna")
    bench.kept.clear()
    assert find_roots(bench.instances, CLASSES).owned == ()
