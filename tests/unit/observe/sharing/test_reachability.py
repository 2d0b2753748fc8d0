"""What the walk finds, held against a naive search through random graphs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from unit.observe.sharing.heaps import APPLICATION, look_at

from ssot_probe.observe.sharing.edges import Edges
from ssot_probe.observe.sharing.entries import Entries
from ssot_probe.observe.sharing.found import Root
from ssot_probe.observe.sharing.kinds import Kinds
from ssot_probe.observe.sharing.walk import Walk


class Node:
    """One of the application's objects; slots, so that a graph of nodes has no other objects in it."""

    __slots__ = ("__weakref__", "number", "to")
    __module__ = APPLICATION

    def __init__(self, number: int) -> None:
        self.number = number
        self.to: list[Any] = []


def graph_of(edges: Iterable[tuple[int, int]], count: int, kinds: list[str]) -> list[Any]:
    """Build objects that refer to each other; tuples only to what was built before."""
    nodes: list[Any] = [None] * count
    targets: dict[int, list[int]] = {number: [] for number in range(count)}
    for source, target in edges:
        targets[source].append(target)
    for number in range(count):
        if kinds[number] == "node":
            nodes[number] = Node(number)
        elif kinds[number] == "list":
            nodes[number] = []
    for number in range(count):
        if kinds[number] == "tuple":
            nodes[number] = (object(), *(nodes[each] for each in targets[number] if nodes[each] is not None))
    for number in range(count):
        if kinds[number] == "list":
            nodes[number] += [nodes[each] for each in targets[number]]
        elif kinds[number] == "node":
            nodes[number].to = tuple(nodes[each] for each in targets[number])
    return nodes


def below(thing: Any, roots: set[int]) -> set[int]:
    """Return the ids of everything that a thing leads to, itself left out unless there is a way back."""
    found: set[int] = set()
    waiting = [thing]
    while waiting:
        each = waiting.pop()
        held = (each.to,) if type(each) is Node else each if type(each) in (list, tuple) else ()
        for one in held:
            if id(one) not in found and id(one) not in roots and type(one) is not object:
                found.add(id(one))
                waiting.append(one)
    return found


def groups_of_entries(nodes: list[Any], owners: dict[int, str], roots: set[int]) -> set[frozenset[int]]:
    """Return the shared mutable objects that no other leads to, those that lead to each other as a group."""
    reached: dict[str, set[int]] = {}
    for number, owner in owners.items():
        reached.setdefault(owner, set()).update(below(nodes[number], roots))
    mutable = {id(node): node for node in nodes if type(node) in (Node, list) and id(node) not in roots}
    shared = {number for number in mutable if sum(number in each for each in reached.values()) > 1}
    leads_to = {number: below(mutable[number], roots) & shared for number in shared}
    return {
        frozenset({number} | {one for one in shared if one in leads_to[number] and number in leads_to[one]})
        for number in shared
        if all(one in leads_to[number] for one in shared if number in leads_to[one])
    }


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Any], dict[int, str]]:
    count = draw(st.integers(4, 24))
    numbers = st.integers(0, count - 1)
    edges = draw(st.lists(st.tuples(numbers, numbers), max_size=3 * count))
    kinds = draw(st.lists(st.sampled_from(("node", "list", "tuple")), min_size=count, max_size=count))
    owners = draw(
        st.dictionaries(numbers, st.sampled_from(("alice", "bob", "carol")), min_size=2, max_size=6)
    )
    for number in owners:
        kinds[number] = "node"
    return graph_of(edges, count, kinds), owners


def entries_of(nodes: list[Any], owners: dict[int, str]) -> list[Any]:
    kinds = Kinds(lambda cls: cls is Node)
    walk = Walk(Edges(kinds), [Root(nodes[n], owner, n, "Node", "") for n, owner in owners.items()], 10_000)
    for _ in walk.run():
        pass
    entries = Entries(walk)
    for _ in entries.run():
        pass
    return [one.thing for one in entries.found if type(one.thing) in (Node, list)]


@given(graphs())
@settings(max_examples=400, deadline=None)
def test_every_object_that_sharing_begins_at_is_found_once_and_no_other(
    graph: tuple[list[Any], dict[int, str]],
) -> None:
    nodes, owners = graph
    roots = {id(nodes[number]) for number in owners}
    expected = groups_of_entries(nodes, owners, roots)
    found = entries_of(nodes, owners)
    assert len(found) == len(expected)
    assert all(any(id(thing) in group for thing in found) for group in expected)


def test_a_cycle_is_left_out_where_another_shared_object_leads_to_a_part_of_it() -> None:
    edges = [(0, 4), (0, 2), (1, 2), (1, 4), (2, 3), (3, 2), (4, 3)]
    nodes = graph_of(edges, 5, ["node"] * 5)

    assert entries_of(nodes, {1: "alice", 0: "bob"}) == [nodes[4]]


@given(graphs())
@settings(max_examples=200, deadline=None)
def test_the_order_of_the_instances_does_not_matter(graph: tuple[list[Any], dict[int, str]]) -> None:
    nodes, owners = graph
    roots = {id(nodes[number]) for number in owners}
    groups = groups_of_entries(nodes, owners, roots)

    def found(order: dict[int, str]) -> set[frozenset[int]]:
        ids = {id(thing) for thing in entries_of(nodes, order)}
        return {group for group in groups if group & ids}

    assert found(owners) == found(dict(reversed(owners.items()))) == groups


@given(graphs())
@settings(max_examples=200, deadline=None)
def test_every_path_is_a_way_from_an_instance_of_that_user(graph: tuple[list[Any], dict[int, str]]) -> None:
    nodes, owners = graph
    look = look_at([(owner, nodes[number]) for number, owner in owners.items()])
    serials = dict(enumerate(owners.values(), 1))
    assert look.stopped == ""
    assert look.moved == 0
    for one in look.found:
        assert {serials[path.serial] == path.owner for path in one.paths} == {True}
        if one.verdict != "root":
            assert len({path.owner for path in one.paths}) == len(one.paths) > 1
