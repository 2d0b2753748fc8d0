"""How paths are told: names of the source, never a key, never an id."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest
from unit.observe.sharing.heaps import accused, application, look_at

from ssot_probe.observe.sharing.found import Look


def paths_of(text: str) -> set[tuple[str, ...]]:
    with application(text) as module:
        look = look_at(zip(("alice", "bob"), module.make()))
        return {path.steps for one in look.found for path in one.paths}


MAKE = """
def make():
    shared = ["of alice"]
    managers = Manager(), Manager()
    for manager in managers:
        attach(manager, shared)
    return managers
"""


@pytest.mark.parametrize(
    ("attach", "steps"),
    [
        ("manager.rows = shared", (".rows",)),
        ("manager.__dict__['alice'] = shared", ("[an attribute]",)),
        ("setattr(manager, 'u' + 'nknown', shared)", ("[an attribute]",)),
        ("manager.rows = {'alice': (1, [shared])}", (".rows", "[a value]", "[an item]", "[an item]")),
        ("manager.rows = {Key(shared): 1}", (".rows", "[a key]", ".rows")),
        ("manager.rows = {Key(shared)}", (".rows", "[a member]", ".rows")),
        ("manager.rows = Slim(shared)", (".rows", ".held")),
        ("manager.rows = lambda: shared", (".rows", ".<closure shared>")),
        ("manager.rows = functools.partial(max, shared)", (".rows", ".args", "[an item]")),
        ("manager.rows = Key(shared).read", (".rows", ".__self__", ".rows")),
        ("manager.rows = types.MappingProxyType({1: shared})", (".rows", "[of a mappingproxy]", "[a value]")),
        ("manager.rows = observed(functools.partial(max, shared))", (".rows", ".args", "[an item]")),
        ("manager.rows = running(shared)", (".rows", "[a local variable]")),
    ],
)
def test_each_kind_of_step_has_its_name(attach: str, steps: tuple[str, ...]) -> None:
    text = f"""
import functools, types
from ssot_probe.observe.observed_function import ObservedFunction

def observed(function):
    return ObservedFunction(function, lambda wrapped, instance, args, kwargs: wrapped(*args))


class Key:
    def __init__(self, rows):
        self.rows = rows

    def read(self):
        return self.rows

class Slim:
    __slots__ = ("held",)

    def __init__(self, held):
        self.held = held

def running(rows):
    def generator():
        here = rows
        yield here
    started = generator()
    next(started)
    return started

def attach(manager, shared):
    {attach}
{MAKE}"""
    found = paths_of(text)
    if "running" in attach:
        assert {path[-1] for path in found} <= {"[a local variable]", ".<closure rows>", "[a variable]"}
    else:
        assert found == {("sharing_app:Manager", *steps)}


def test_no_id_and_no_key_is_in_what_is_told() -> None:
    text = """
def make():
    managers = Manager(), Manager()
    shared = ["secret of alice"]
    for user, manager in zip(("alice", "bob"), managers):
        setattr(manager, user, {user: shared, "secret": [shared]})
        manager.__dict__["secret of " + user] = [shared]
    return managers
"""
    with application(text) as module:
        look = look_at(zip(("alice", "bob"), module.make()))
    told = repr([(one.type, one.verdict, one.holder, one.drawing) for one in look.found]) + repr(
        [path.steps for one in look.found for path in one.paths]
    )
    assert look.found
    assert not any(word in told for word in ("alice", "bob", "secret"))


def test_the_drawing_is_in_the_dot_language() -> None:
    with application("def make():\n    return Manager(), Manager()\n") as module:
        alice, bob = module.make()
        alice.x = bob.x = ["of alice"]
        [found] = look_at([("alice", alice), ("bob", bob)]).found
    assert found.drawing.startswith("digraph shared {")
    assert found.drawing.count("->") == 2
    assert 'label="builtins:list\\ncontaminated"' in found.drawing


def test_objects_that_are_alike_are_told_once_with_their_number() -> None:
    text = """
def make():
    managers = Manager(), Manager()
    shared = [{"user": "alice"} for _ in range(30)]
    for manager in managers:
        manager.rows = list(shared)
    return managers
"""
    with application(text) as module:
        [found] = look_at(zip(("alice", "bob"), module.make())).found
    assert (found.alike, found.type) == (30, "builtins:dict")


def test_another_users_instance_within_reach_is_told_with_the_way_to_it() -> None:
    text = """
def make():
    managers = Manager(), Manager()
    managers[0].peers = [managers[1]]
    return managers
"""
    with application(text) as module:
        [found] = look_at(zip(("alice", "bob"), module.make())).found
    assert (found.verdict, found.paths[0].owner) == ("root", "alice")
    assert found.paths[0].steps == ("sharing_app:Manager", ".peers", "[an item]")


def test_instances_of_one_user_may_share() -> None:
    text = """
def make():
    managers = Manager(), Manager()
    for manager in managers:
        manager.rows = ROWS
        manager.peers = managers
    return managers

ROWS = ["of alice"]
"""
    with application(text) as module:
        assert look_at(zip(("alice", "alice"), module.make())).found == ()


def look_at_contexts(value: Any) -> Look:
    variable: contextvars.ContextVar[Any] = contextvars.ContextVar("variable")
    contexts = contextvars.Context(), contextvars.Context()
    for context in contexts:
        context.run(variable.set, value)
    return look_at(zip(("alice", "bob"), contexts))


def test_a_value_in_the_contexts_of_two_users_is_found() -> None:
    [found] = look_at_contexts({"user": "alice"}).found
    assert found.verdict == "contaminated"
    assert {path.steps for path in found.paths} == {("_contextvars:Context", "[a context variable]")}


def test_a_value_that_cannot_change_is_not() -> None:
    assert look_at_contexts(("alice", 7)).found == ()


def test_a_task_leads_to_its_coroutine_and_not_to_the_loop() -> None:
    text = """
async def poll(rows):
    while True:
        rows.append("of alice")
        await asyncio.sleep(60)

def start(manager, rows):
    manager.task = asyncio.create_task(poll(rows))

import asyncio
"""
    with application(text) as module:

        async def run() -> Look:
            managers = module.Manager(), module.Manager()
            rows: list[str] = []
            for manager in managers:
                module.start(manager, rows)
            await asyncio.sleep(0)
            look = look_at(zip(("alice", "bob"), managers))
            for manager in managers:
                manager.task.cancel()
            return look

        [found] = asyncio.run(run()).found
    assert (found.type, found.verdict) == ("builtins:list", "contaminated")


def test_the_nearest_data_below_a_shared_object_is_told_with_its_path() -> None:
    text = """
class Server:
    def __init__(self):
        self.limits = {"requests": 10}
        self.state = {"last": {"answer": "order of alice"}}
"""
    with application(text) as module:
        server = module.Server()
        alice, bob = module.Manager(), module.Manager()
        alice.server = bob.server = server
        (found,) = accused(look_at([("alice", alice), ("bob", bob)]))
    assert (found.type, found.data_steps) == ("sharing_app:Server", (".state", "[a value]"))
