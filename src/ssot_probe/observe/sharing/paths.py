"""Finds the way from an instance to an object that its walk met, one referring object after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ssot_probe.observe.sharing.edges import Edges
from ssot_probe.observe.sharing.walk import Walk

MOST_BELOW = 2_000
"""Objects that a way down is looked for among."""

Chain = tuple[Any, ...]
"""Objects, each of which refers to the next."""


def chain_to(walk: Walk, thing: Any, chunk: int) -> Chain:
    """Return the chain from an instance to what was met from a chunk; () where it is no more."""
    chain = [thing]
    while chunk >= 0:
        parent = next((each for each in walk.chunks[chunk] if refers(walk.edges, each, chain[-1])), None)
        if parent is None:
            return ()
        chain.append(parent)
        chunk = walk.chunk_of(parent)
    return tuple(reversed(chain))


def chain_below(edges: Edges, start: Any, target: Any) -> Chain:
    """Return the shortest chain from one object down to another; () where none was found."""
    if start is target:
        return (start,)
    parents: dict[int, Any] = {id(start): None}
    waiting = [start]
    for each in waiting:
        if len(waiting) > MOST_BELOW:
            return ()
        references = edges.of(each)
        edges.kinds.learn(set(map(type, references)))
        for below in references:
            if id(below) in parents or type(below) in edges.kinds.skipped:
                continue
            parents[id(below)] = each
            if below is target:
                return _upward(target, parents)
            if type(below) in edges.kinds.entered:
                waiting.append(below)
    return ()


def is_still_there(edges: Edges, chain: Sequence[Any]) -> bool:
    """Does each object of a chain still refer to the next?"""
    return all(refers(edges, above, below) for above, below in zip(chain, chain[1:]))


def refers(edges: Edges, above: Any, below: Any) -> bool:
    """Does one object refer to another, maybe through its `__dict__`?

    On Python 3.11 and 3.12 that dictionary stands between only once somebody has asked for it.
    """
    references = edges.of(above)
    if any(each is below for each in references):
        return True
    return any(
        type(each) is dict and any(one is below for one in edges.of(each))
        for each in references
        if type(above) not in (dict, list, tuple)
    )


def _upward(target: Any, parents: dict[int, Any]) -> Chain:
    chain = [target]
    while (above := parents[id(chain[-1])]) is not None:
        chain.append(above)
    return tuple(reversed(chain))
