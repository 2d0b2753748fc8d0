"""The graph of who imports whom, and the sets of modules in it that import each other.

It knows nothing of recordings: edges come from executed imports as well as from those that source declares.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

LOAD, DEFERRED = "load", "deferred"
STATIC_LOAD, STATIC_DEFERRED = "static load", "static deferred"
KINDS = (LOAD, DEFERRED, STATIC_LOAD, STATIC_DEFERRED)
"""Kinds of edges, the firmest first: executed while the importer was loaded, or inside one of its functions;
declared in source, outside or inside of a function."""

Successors = Mapping[str, Collection[str]]


class Edge(NamedTuple):
    """One place at which a module imports another."""

    importer: str
    imported: str
    kind: str  # of KINDS
    file: str
    line: int
    function: str
    count: int  # type: ignore[assignment]  # how often it was executed


class Knot(NamedTuple):
    """Modules each of which leads to all others by imports."""

    modules: tuple[str, ...]  # in order
    cycle: tuple[Edge, ...]  # a shortest one that ties it, from a module back to itself
    is_static: bool  # only imports that were not seen to be executed hold it together


def knots(edges: Iterable[Edge]) -> list[Knot]:
    """Return the sets of modules that import each other, each once, in order of their modules.

    A set that imports at load alone hold together is left out: whoever loads it sees a module half
    initialised, which is evidence of its own.
    """
    usable = sorted({edge for edge in edges if edge.importer != edge.imported})
    found = []
    inner = _sets(edge for edge in usable if edge.kind == LOAD)
    for kinds in (KINDS[:2], KINDS):
        allowed = [edge for edge in usable if edge.kind in kinds]
        outer = _sets(allowed)
        for modules in {frozenset(modules) for modules in outer.values()} - set(inner.values()):
            within = [edge for edge in allowed if {edge.importer, edge.imported} <= modules]
            found.append(Knot(tuple(sorted(modules)), _tying_cycle(within, inner), kinds is KINDS))
        inner = outer
    return sorted(found)


def strongly_connected(successors: Successors) -> Iterator[frozenset[str]]:
    """Yield the strongly connected sets of a graph, single nodes included (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    on_path: set[str] = set()
    for root in sorted(successors):
        if root in index:
            continue
        work = [(root, iter(sorted(successors[root])))]
        index[root] = lowest[root] = len(index)
        path.append(root)
        on_path.add(root)
        while work:
            node, rest = work[-1]
            for following in rest:
                if following not in index:
                    index[following] = lowest[following] = len(index)
                    path.append(following)
                    on_path.add(following)
                    work.append((following, iter(sorted(successors.get(following, ())))))
                    break
                if following in on_path:
                    lowest[node] = min(lowest[node], index[following])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[node])
                if lowest[node] == index[node]:
                    found = set()
                    while node not in found:
                        found.add(path.pop())
                    on_path -= found
                    yield frozenset(found)


def shortest_path(successors: Successors, start: str, goal: str, most: int) -> list[str]:
    """Return the nodes of a shortest way, first in order where there are several; [] beyond `most` nodes."""
    came_from: dict[str, str] = {}
    waiting = deque([(start, 1)])
    while waiting:
        node, length = waiting.popleft()
        if node == goal:
            found = [node]
            while node != start:
                node = came_from[node]
                found.append(node)
            return found[::-1]
        if length < most:
            for following in sorted(successors.get(node, ())):
                if following not in came_from and following != start:
                    came_from[following] = node
                    waiting.append((following, length + 1))
    return []


def _sets(edges: Iterable[Edge]) -> dict[str, frozenset[str]]:
    """Return the set of each module that belongs to one with others."""
    successors = _successors(edges)
    return {
        module: modules
        for modules in strongly_connected(successors)
        if len(modules) > 1
        for module in modules
    }


def _successors(edges: Iterable[Edge]) -> Successors:
    successors: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        successors[edge.importer].add(edge.imported)
    return successors


def _tying_cycle(edges: Sequence[Edge], inner: Mapping[str, frozenset[str]]) -> tuple[Edge, ...]:
    """Return a shortest cycle that leaves the sets of modules which are tied already."""
    successors = _successors(edges)
    best: list[str] = []
    for importer, imported in sorted({(edge.importer, edge.imported) for edge in edges}):
        if inner.get(importer, importer) == inner.get(imported, imported):
            continue
        most = len(best) - 1 if best else len(successors)
        best = shortest_path(successors, imported, importer, most) or best
    firmest: dict[tuple[str, str], Edge] = {}
    for edge in sorted(edges, key=lambda edge: (KINDS.index(edge.kind), -edge.count, edge)):
        firmest.setdefault((edge.importer, edge.imported), edge)
    start = best.index(min(best))
    turned = [*best[start:], *best[:start]]
    return tuple(firmest[pair] for pair in zip(turned, [*turned[1:], turned[0]]))
