"""What a look at shared references costs: beside a bare walk, beside objgraph, and in its longest slice."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from itertools import count
from threading import Thread
from time import perf_counter_ns, sleep, thread_time_ns
from typing import Any

from benchmarks.alone import Effort
from benchmarks.progress import Progress
from benchmarks.readings import Reading, Spread, at_least, at_most, spread_of
from ssot_probe.observe.sharing.edges import Edges
from ssot_probe.observe.sharing.found import Root
from ssot_probe.observe.sharing.kinds import ATOMS, Kinds
from ssot_probe.observe.sharing.look import SharingLook
from ssot_probe.observe.sharing.memory import Memory
from ssot_probe.observe.sharing.walk import CHUNK, Walk

GROUP = "shared references"

SHARE_OF_A_BARE_WALK = at_least(0.7)
LONGEST_SLICE = at_most(10)

USERS = 50


class Row:
    def __init__(self, number: int) -> None:
        self.number = number
        self.parts = [str(number), number]
        self.seen: dict[str, list[int]] = {"by": [number]}


class Manager:
    def __init__(self, user: str, rows: int, service: Any) -> None:
        self.user = user
        self.rows = [Row(number) for number in range(rows)]
        self.service = service


class Service:
    def __init__(self) -> None:
        self.cache: dict[str, Any] = {}
        self.settings = {"limit": 7, "names": ("a", "b")}


def measure(effort: Effort) -> list[Reading]:
    """Look at small and large heaps; ask objgraph the same of a small one."""
    rounds = max(3, effort.rounds // 6)
    readings: list[Reading] = []
    with Progress("shared references", 3 * rounds) as progress:
        large = synthetic(25_000)
        readings += _beside_a_bare_walk("100,000 objects", large, rounds, progress)
        readings += _slices(large, rounds, progress)
        del large
        gc.collect()
        readings += _whole_looks(rounds, progress)
    readings += _beside_objgraph()
    return readings


def synthetic(rows: int) -> list[Root]:
    """Return instances of fifty users with four objects for each row, and one service that they share."""
    service = Service()
    managers = [Manager(f"user-{number:04}", rows // USERS, service) for number in range(USERS)]
    for manager in managers:
        service.cache[manager.user] = [manager.user]
    return roots_of(managers)


def realistic() -> list[Root]:
    """Return the instances of a small application that uses what services commonly use."""
    import asyncio
    import logging
    import queue

    service = Service()
    managers = []
    for number in range(USERS):
        manager = Manager(f"user-{number:04}", 3, service)
        manager.__dict__.update(
            {
                "log": logging.getLogger("shop"),
                "inbox": queue.Queue(),
                "lock": asyncio.Lock(),
                "on_event": manager.rows.append,
                "encode": json.JSONEncoder(),
                "peers": [f"user-{number + 1:04}"],
            }
        )
        managers.append(manager)
    return roots_of(managers)


def roots_of(managers: list[Manager]) -> list[Root]:
    """Return the instances with their users."""
    return [
        Root(manager, manager.user, number, "shop:Manager", "manager")
        for number, manager in enumerate(managers, 1)
    ]


def bare_walk(instances: list[Any]) -> int:
    """Visit everything once, without labels, in chunks of the same size; return how many were followed."""
    seen: set[int] = set(map(id, instances))
    level, followed = instances, 0
    skipped = {*ATOMS, type}
    while level:
        following: list[Any] = []
        for start in range(0, len(level), CHUNK):
            chunk = level[start : start + CHUNK]
            fresh = {id(each): each for each in gc.get_referents(*chunk) if type(each) not in skipped}
            for known in fresh.keys() & seen:
                del fresh[known]
            seen.update(fresh)
            following += fresh.values()
            followed += len(chunk)
        level = following
    return followed


def labelled_walk(roots: list[Root]) -> Walk:
    """Visit the same with the walk of a look."""
    walk = Walk(Edges(Kinds(_is_application)), roots, 10_000_000)
    for _ in walk.run():
        pass
    return walk


def whole_look(roots: list[Root], memory: Memory, slice_seconds: float = 0.001) -> SharingLook:
    """Look until the end."""
    look = SharingLook(roots, _is_application, memory)
    while not look.advance(slice_seconds):
        pass
    return look


def _beside_a_bare_walk(what: str, roots: list[Root], rounds: int, progress: Progress) -> Iterator[Reading]:
    ratios, speeds = [], []
    for _ in range(rounds):
        spent_bare, followed = _timed(lambda: bare_walk([root.instance for root in roots]))
        spent, walk = _timed(lambda: labelled_walk(roots))
        ratios.append((walk.objects / spent) / (followed / spent_bare))
        speeds.append(walk.objects / spent * 1e3)
        progress.step()
    yield Reading(GROUP, f"{what}: speed / bare walk's speed", spread_of(ratios), SHARE_OF_A_BARE_WALK)
    yield Reading(GROUP, f"{what}: speed", spread_of(speeds), unit="million objects/s")


def _slices(roots: list[Root], rounds: int, progress: Progress) -> Iterator[Reading]:
    longest, lags = [], []
    for _ in range(rounds):
        longest.append(_longest_slice(roots) / 1e6)
        lags.append(_lag_beside(roots))
        progress.step()
    yield Reading(
        GROUP, "100,000 objects: longest slice, processor time", spread_of(longest), LONGEST_SLICE, "ms"
    )
    yield Reading(GROUP, "100,000 objects: longest wait of another thread", spread_of(lags), unit="ms")


def _whole_looks(rounds: int, progress: Progress) -> Iterator[Reading]:
    roots = realistic()
    memory = Memory()
    spent = []
    for _ in range(rounds):
        spent.append(_timed(lambda: whole_look(roots, memory))[0] / 1e6)
        progress.step()
    objects = whole_look(roots, memory).result.objects
    yield Reading(
        GROUP, f"{USERS} users, {objects:,} objects: a look with evidence", spread_of(spent), unit="ms"
    )


def _beside_objgraph() -> Iterator[Reading]:
    """Is an object that one user holds in another's reach? objgraph can only search backwards."""
    import objgraph

    roots = realistic()
    manager = roots[0].instance
    others = {id(root.instance) for root in roots[1:]}
    private = manager.rows[0]
    spent, _ = _timed(lambda: whole_look(roots, Memory()))
    backwards, chain = _timed(
        lambda: objgraph.find_backref_chain(private, lambda thing: id(thing) in others, max_depth=6)
    )
    ratio = spent / backwards
    answer = "a false" if len(chain) > 1 else "the right"
    what = f"a look for all users / objgraph for one object, {answer} answer"
    yield Reading(GROUP, what, Spread(ratio, ratio, ratio), at_most(1))


def _longest_slice(roots: list[Root]) -> int:
    """Return the processor time of the longest slice, as another process may interrupt one."""
    look = SharingLook(roots, _is_application, Memory())
    longest, is_over = 0, False
    while not is_over:
        started = thread_time_ns()
        is_over = look.advance(0.001)
        longest = max(longest, thread_time_ns() - started)
    return longest


def _lag_beside(roots: list[Root]) -> float:
    """Return the longest that another thread waited for its turn during a look with rests."""
    worst = 0
    look = SharingLook(roots, _is_application, Memory())
    is_over = False

    def run() -> None:
        nonlocal is_over
        while not look.advance(0.001):
            sleep(0.001)
        is_over = True

    thread = Thread(target=run)
    thread.start()
    for _ in count():
        started = perf_counter_ns()
        sleep(0.001)
        worst = max(worst, perf_counter_ns() - started - 1_000_000)
        if is_over:
            break
    thread.join()
    return worst / 1e6


def _timed(run: Callable[[], Any]) -> tuple[int, Any]:
    """Return the processor time that something took, and its result."""
    started = thread_time_ns()
    result = run()
    return thread_time_ns() - started, result


def _is_application(cls: type) -> bool:
    return cls in (Row, Manager, Service)
