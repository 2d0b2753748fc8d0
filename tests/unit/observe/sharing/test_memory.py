"""What the next look knows of the one before."""

from __future__ import annotations

import pytest
from unit.observe.sharing.heaps import application, look_at, verdicts

from ssot_probe.observe.sharing.memory import Memory


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ("pass", "unchanged"),
        ("shared['rows'].append(1)", "mutated"),
        ("shared['rows'][0], shared['rows'][1] = 2, 1", "unchanged"),
        ("shared['a'], shared['b'] = 2, 2", "mutated"),
        ("shared['a'] += 1; shared['b'] -= 1", "mutated"),
        ("shared['rows'] = list(shared['rows'])", "unchanged"),
        ("shared['set'].add(4)", "mutated"),
        ("shared['thing'].x = 2", "mutated"),
        ("shared['thing'].__dict__", "unchanged"),
        ("del shared['a']", "mutated"),
    ],
)
def test_what_has_changed_between_two_looks_is_told_from_what_has_not(change: str, verdict: str) -> None:
    text = f"""
class Thing:
    def __init__(self):
        self.x = 1

def make():
    global shared
    shared = {{"rows": [1, 2], "a": 1, "b": 1, "set": {{1, 2}}, "thing": Thing()}}
    managers = Manager(), Manager()
    for manager in managers:
        manager.shared = shared
    return managers

def later():
    {change}
"""
    with application(text) as module:
        memory = Memory()
        instances = list(zip(("alice", "bob"), module.make()))
        assert verdicts(look_at(instances, memory)) == [("builtins:dict", "seen-once")]
        module.later()
        assert verdicts(look_at(instances, memory)) == [("builtins:dict", verdict)]


POOL = """
class Buffer:
    def __init__(self):
        self.rows = []

buffer = Buffer()

def make():
    return Manager(), Manager()
"""


def test_a_buffer_that_still_holds_the_data_of_its_last_user_was_handed_over() -> None:
    with application(POOL) as module:
        alice, bob = module.make()
        memory = Memory()
        alice.buffer = module.buffer
        module.buffer.rows.append("row of alice")
        assert verdicts(look_at([("alice", alice), ("bob", bob)], memory)) == []
        del alice.buffer
        bob.buffer = module.buffer
        look = look_at([("alice", alice), ("bob", bob)], memory)
        assert verdicts(look) == [("sharing_app:Buffer", "handed-over")]
        assert [path.owner for path in look.found[0].paths] == ["bob"]


def test_a_buffer_that_was_emptied_was_not() -> None:
    with application(POOL) as module:
        alice, bob = module.make()
        memory = Memory()
        alice.buffer = module.buffer
        module.buffer.rows.append("row of alice")
        look_at([("alice", alice), ("bob", bob)], memory)
        del alice.buffer
        module.buffer.rows.clear()
        bob.buffer = module.buffer
        assert verdicts(look_at([("alice", alice), ("bob", bob)], memory)) == []


def test_another_object_at_the_same_address_is_not_taken_for_the_first() -> None:
    with application(POOL) as module:
        memory = Memory()
        numbers = set()
        for _ in range(20):
            alice, bob = module.make()
            alice.buffer = module.Buffer()
            alice.buffer.rows.append("row of alice")
            numbers.add(id(alice.buffer))
            assert verdicts(look_at([("alice", alice), ("bob", bob)], memory)) == []
            del alice.buffer
            bob.buffer = module.Buffer()
            bob.buffer.rows.append("row of alice")
            numbers.add(id(bob.buffer))
            assert verdicts(look_at([("alice", alice), ("bob", bob)], memory)) == []
        assert len(numbers) < 40
