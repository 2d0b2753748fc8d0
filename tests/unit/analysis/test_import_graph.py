"""The import graph: what it says of any set of imports holds, whatever their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ssot_probe.analysis.import_graph import (
    KINDS,
    LOAD,
    STATIC_LOAD,
    Edge,
    knots,
    shortest_path,
    strongly_connected,
)

MODULES = "abcdefg"


def edge(importer: str, imported: str, kind: str = LOAD, line: int = 1) -> Edge:
    return Edge(importer, imported, kind, f"{importer}.py", line, "work", 1)


edges = st.lists(
    st.builds(
        edge, *[st.sampled_from(MODULES)] * 2, st.sampled_from(KINDS), st.integers(min_value=1, max_value=3)
    ),
    max_size=24,
)


def reachable(found: Iterable[Edge]) -> dict[str, set[str]]:
    """Return what each module leads to, found the slow way."""
    leads: dict[str, set[str]] = defaultdict(set)
    for one in found:
        leads[one.importer].add(one.imported)
    for _ in MODULES:
        for module in MODULES:
            leads[module] = leads[module].union(*(leads[other] for other in leads[module]))
    return leads


def tied(found: Iterable[Edge]) -> set[frozenset[str]]:
    """Return the sets of several modules that lead to each other, found the slow way."""
    leads = reachable(found)
    sets = {
        frozenset(
            {module, *(other for other in MODULES if other in leads[module] and module in leads[other])}
        )
        for module in MODULES
    }
    return {modules for modules in sets if len(modules) > 1}


@given(edges)
def test_each_set_of_modules_that_import_each_other_is_found_once(given_edges: list[Edge]) -> None:
    found = [frozenset(knot.modules) for knot in knots(given_edges)]
    assert len(found) == len(set(found))
    at_load = tied(one for one in given_edges if one.kind == LOAD)
    live = tied(one for one in given_edges if one.kind in KINDS[:2])
    assert set(found) == (live | tied(given_edges)) - at_load


@given(edges)
def test_a_set_is_static_where_executed_imports_alone_do_not_tie_it(given_edges: list[Edge]) -> None:
    live = tied(one for one in given_edges if one.kind in KINDS[:2])
    for knot in knots(given_edges):
        assert knot.is_static == (frozenset(knot.modules) not in live)


@given(edges)
def test_each_circle_is_a_walk_over_given_imports_that_loading_alone_does_not_close(
    given_edges: list[Edge],
) -> None:
    for knot in knots(given_edges):
        importers = [one.importer for one in knot.cycle]
        assert [one.imported for one in knot.cycle] == [*importers[1:], importers[0]]
        assert set(importers) <= set(knot.modules)
        assert len(importers) == len(set(importers)) > 1
        assert set(knot.cycle) <= set(given_edges)
        assert any(one.kind != LOAD for one in knot.cycle)
        assert any(one.kind.startswith("static") for one in knot.cycle) == knot.is_static


@given(edges, st.randoms(use_true_random=False))
def test_the_order_of_the_imports_does_not_matter(given_edges: list[Edge], random: Random) -> None:
    shuffled = [*given_edges, *given_edges[:3]]
    random.shuffle(shuffled)
    assert knots(shuffled) == knots(given_edges)


@given(edges)
def test_strongly_connected_sets_part_the_modules(given_edges: list[Edge]) -> None:
    successors: dict[str, set[str]] = defaultdict(set)
    for one in given_edges:
        successors[one.importer].add(one.imported)
    sets = list(strongly_connected(dict(successors)))
    assert sorted(module for modules in sets for module in modules) == sorted(
        {name for one in given_edges for name in one[:2]}
    )
    assert {modules for modules in sets if len(modules) > 1} == tied(given_edges)


def test_the_shortest_circle_is_shown_and_the_firmest_import_of_each_pair() -> None:
    (knot,) = knots(
        [
            *(edge("a", "b", kind) for kind in KINDS[1:]),
            edge("b", "c"),
            edge("c", "a"),
            edge("b", "a"),
            edge("b", "a", STATIC_LOAD),
        ]
    )
    assert [(one.importer, one.imported, one.kind) for one in knot.cycle] == [
        ("a", "b", "deferred"),
        ("b", "a", "load"),
    ]


def test_a_way_is_followed_no_further_than_allowed() -> None:
    ring = {str(number): {str(number + 1)} for number in range(10)}
    assert shortest_path(ring, "0", "3", 4) == ["0", "1", "2", "3"]
    assert shortest_path(ring, "0", "3", 3) == []


def test_a_chain_of_thousands_of_modules_needs_no_recursion() -> None:
    count = 5_000
    chain = [edge(f"m{number:05}", f"m{number + 1:05}") for number in range(count)]
    (knot,) = knots([*chain, edge(f"m{count:05}", "m00000", "deferred")])
    assert len(knot.modules) == len(knot.cycle) == count + 1
