"""One look at what the instances of different users share, a slice at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import perf_counter_ns
from types import CellType
from typing import Any, NamedTuple

from ssot_probe.observe.sharing.anatomy import qualified_name
from ssot_probe.observe.sharing.clients import is_client
from ssot_probe.observe.sharing.drawing import draw
from ssot_probe.observe.sharing.edges import Edges
from ssot_probe.observe.sharing.entries import Entries, Entry
from ssot_probe.observe.sharing.evidence import Evidence
from ssot_probe.observe.sharing.found import VERDICTS, Look, Path, Root, SharedObject
from ssot_probe.observe.sharing.global_state import GlobalState, Place, Remains
from ssot_probe.observe.sharing.kinds import Kinds
from ssot_probe.observe.sharing.memory import Memory
from ssot_probe.observe.sharing.paths import Chain, chain_below, chain_to, is_still_there
from ssot_probe.observe.sharing.search import AreLeft, Search, are_of_their_thread
from ssot_probe.observe.sharing.step_names import StepNames
from ssot_probe.observe.sharing.tags import Tags
from ssot_probe.observe.sharing.verdicts import verdict_on_data, verdict_on_resource
from ssot_probe.observe.sharing.walk import Walk

MOST_OBJECTS = 200_000
MOST_FOUND = 100
MOST_DESCRIBED = 400
"""Entries that are looked into; the nearest to the instances first."""

PATHS = 3
"""Of one shared object."""


class _Described(NamedTuple):
    """A shared object with the chains that lead to it, found before anything was named."""

    thing: Any
    owner_count: int
    chains: tuple[tuple[int, Chain], ...]  # by user


class SharingLook:
    """Walks from the instances of all users, judges what they share, and forgets every object again.

    An exception that `advance` raises is an error of our own; it stops the look, which forgets as usual.
    Run it from a thread of its own: `while not look.advance(0.001): rest()`; then `result` is complete.

    Args:
        roots: instances whose user is known.
        is_application: is a type defined by a first-party file? Asked once for each type.
        memory: of the looks before, for "mutated" and "handed-over".
        shared_ok: qualified names of types that users may share.
        never_share: qualified names of types that nobody may share, besides those that are known.
        users: ids of users who have no instance now, but whose data may be left somewhere.
        modules: namespaces of first-party modules by name, whose globals are searched as well.
        are_left: does everybody come by these values of a thread-local, rather than one thread's work?
        most_objects: after which the walk stops.
        most_seconds: of work, rests not included, after which the look stops.
    """

    def __init__(
        self,
        roots: Sequence[Root],
        is_application: Callable[[type], bool],
        memory: Memory,
        *,
        shared_ok: Iterable[str] = (),
        never_share: Iterable[str] = (),
        users: Iterable[str] = (),
        modules: Mapping[str, Mapping[str, Any]] | None = None,
        are_left: AreLeft = are_of_their_thread,
        most_objects: int = MOST_OBJECTS,
        most_seconds: float = 30.0,
    ) -> None:
        self._kinds = Kinds(is_application, shared_ok, never_share)
        self._edges = Edges(self._kinds)
        self._memory = memory
        memory.begin()
        self._walk = Walk(self._edges, roots, most_objects)
        self._tags = Tags(tuple(dict.fromkeys((*self._walk.owners, *users))))
        self._names = StepNames(self._edges, self._is_secret, dict(modules or {}))
        self._owner_of_root = {
            number: self._walk.owners.index(self._walk.roots[root].owner)
            for number, root in self._walk.root_of.items()
        }
        self._globals = GlobalState(
            self._edges, self._tags, self._owner_of_root, dict(modules or {}), are_left
        )
        self._most = int(most_seconds * 1e9)
        self._found: dict[tuple[object, ...], SharedObject] = {}
        self._counts = (len(self._walk.roots), len(self._walk.owners))
        self._moved = 0
        self._slices = 0
        self._longest = 0
        self._worked = 0
        self._started = perf_counter_ns()
        self._ended = 0
        self._stopped = ""
        self._steps: Iterator[None] | None = self._run()

    def advance(self, seconds: float) -> bool:
        """Work for about so long; is the look finished?"""
        if self._steps is None:
            return True
        started = perf_counter_ns()
        until = started + int(seconds * 1e9)
        try:
            for _ in self._steps:
                if perf_counter_ns() >= until:
                    break
            else:
                self._end()
        except Exception:
            self._stopped = "an error of the look's own"
            self._steps = self._forget()
            raise
        finally:
            spent = perf_counter_ns() - started
            self._slices += 1
            self._longest = max(self._longest, spent)
            self._worked += spent
        if self._steps is not None and not self._stopped and self._worked > self._most:
            self.stop(f"after {self._worked // 1_000_000} ms of work")
        return self._steps is None

    def stop(self, why: str) -> None:
        """End the look early: what was judged so far is kept, and `advance` only forgets the objects."""
        if self._steps is not None and not self._stopped:
            self._stopped = why
            self._steps = self._forget()

    @property
    def result(self) -> Look:
        """What was found so far; complete as soon as `advance` has said so, unless it says why it stopped."""
        found = sorted(self._found.values(), key=lambda one: VERDICTS.index(one.verdict))
        return Look(
            tuple(found[:MOST_FOUND]),
            *self._counts,
            self._walk.objects,
            self._slices,
            self._longest,
            (self._ended or perf_counter_ns()) - self._started,
            self._stopped or self._walk.stopped,
            self._edges.sampled,
            self._moved,
        )

    def _run(self) -> Iterator[None]:
        yield from self._walk.run()
        entries = Entries(self._walk)
        yield from entries.run()
        described: list[_Described] = []
        for entry in entries.found[:MOST_DESCRIBED]:  # all chains, before any name is asked for
            yield from self._describe(entry, described)
        if len(entries.found) > MOST_DESCRIBED and not self._walk.stopped:
            self._walk.stopped = f"after {MOST_DESCRIBED} of {len(entries.found)} shared objects"
        yield from self._globals.find_holders()
        met: list[_Described] = []
        yield from self._find_meetings(entries.below | {id(one.thing) for one in described}, met)
        if described or met:
            yield from self._names.gather()
        for one in described:
            yield from self._judge(one)
        for one in met:
            self._add(one, "root", None)
            yield
        yield from self._find_handed_over(entries.below | {id(one.thing) for one in described})
        yield from self._globals.search(entries.below | {id(one.thing) for one in described})
        if self._globals.remains or self._globals.requests:
            yield from self._names.gather()
        for remains in self._globals.remains:
            self._add_remains(remains)
        for place, request in self._globals.requests:
            self._add_request(place, request)
        self._memory.turn()
        described.clear()
        met.clear()
        del entries
        yield from self._forget()

    def _describe(self, entry: Entry, described: list[_Described]) -> Iterator[None]:
        """Find the chains that lead to an entry. On the way to what has moved, none is found."""
        chains = []
        for owner, (met, chunk) in sorted(entry.through.items())[: PATHS * 2]:
            upper = chain_to(self._walk, met, chunk)
            yield
            lower = chain_below(self._edges, met, entry.thing) if upper else ()
            if lower:
                chains.append((owner, upper + lower[1:]))
            if len(chains) == PATHS:
                break
        if len(chains) > 1:
            described.append(_Described(entry.thing, len(entry.owners), tuple(chains)))
        else:
            self._moved += 1

    def _find_meetings(self, shared: set[int], met: list[_Described]) -> Iterator[None]:
        """Find the first way for each pair of classes by which an instance reaches another user's."""
        found: dict[tuple[type, type], _Described] = {}
        for (number, owner), chunk in self._walk.meetings.items():
            root = self._walk.roots[self._walk.root_of[number]]
            for parent in self._walk.chunks[chunk]:
                if id(parent) in shared or not any(each is root.instance for each in self._edges.of(parent)):
                    continue
                above = chain_to(self._walk, parent, self._walk.chunk_of(parent))
                if above and not any(id(each) in shared for each in above):
                    chain = (*above, root.instance)
                    kind = (type(chain[0]), type(root.instance))
                    found.setdefault(kind, _Described(root.instance, 2, ((owner, chain),)))
                    break
            yield
            if len(found) >= MOST_FOUND:
                break
        met += found.values()

    def _judge(self, one: _Described) -> Iterator[None]:
        search = Search(self._edges, self._tags, self._owner_of_root)
        yield from search.run(one.thing)
        evidence = search.result
        place = tuple(self._walk.roots[self._walk.root_of[id(chain[0])]].serial for _, chain in one.chains)
        cls = type(one.thing)
        changed = self._memory.has_changed(one.thing, (qualified_name(cls), *place), evidence.digest)
        if cls in self._kinds.leaves:
            is_private = cls in self._kinds.never_share
            changed = changed if is_client(one.thing) else False
            self._add(one, verdict_on_resource(evidence, is_private, changed), evidence)
            return
        if any(step.startswith(".<default of") for step in self._holder_of(one.thing)[-1:]):
            evidence = evidence.all_loose()
        verdict = verdict_on_data(evidence, changed)
        if cls is CellType and verdict not in ("mixed", "contaminated", "mutated"):
            return  # a text in a closure, which nobody seems to set
        self._add(one, verdict, evidence)
        for leaf in evidence.private:
            lower = chain_below(self._edges, one.thing, leaf)
            if lower:
                chains = tuple((owner, chain + lower[1:]) for owner, chain in one.chains)
                self._add(_Described(leaf, one.owner_count, chains), "never-share", None)
            yield

    def _find_handed_over(self, shared: set[int]) -> Iterator[None]:
        """Find what was one user's at the last look, is another's now, and still has the first one's data."""
        application, walk = self._kinds.application, self._walk
        seen: set[int] = set()
        for number, chunk in enumerate(walk.chunks):
            if walk.chunk_level[number] == 0:  # the instances themselves
                continue
            owner = walk.owners[walk.chunk_owner[number]]
            for thing in chunk:
                cls = type(thing)
                if cls not in application or cls not in self._kinds.mutable or id(thing) in shared:
                    continue
                last = self._memory.last_owner(thing, owner)
                if last and last != owner and last in self._tags.owners and id(thing) not in seen:
                    yield from self._judge_handed_over(thing, last, seen)
            yield

    def _judge_handed_over(self, thing: Any, last: str, seen: set[int]) -> Iterator[None]:
        search = Search(self._edges, self._tags, self._owner_of_root, seen)
        yield from search.run(thing)
        evidence = search.result
        if self._tags.owners.index(last) in evidence.loose:
            chunk = self._walk.chunk_of(thing)
            chain = chain_to(self._walk, thing, chunk)
            if chain:
                yield from self._names.gather()
                owner = self._walk.chunk_owner[chunk]
                self._add(_Described(thing, 2, ((owner, chain),)), "handed-over", evidence)

    def _add(self, one: _Described, verdict: str, evidence: Evidence | None) -> None:
        """Describe a shared object in words, unless it is held otherwise by now."""
        paths = tuple(
            Path(root.owner, root.serial, self._names.of(chain))
            for root, chain in (
                (self._walk.roots[self._walk.root_of[id(chain[0])]], chain) for _, chain in one.chains
            )
            if is_still_there(self._edges, chain)
        )
        if len(paths) < min(2, len(one.chains)):
            self._moved += 1
            return
        name = qualified_name(type(one.thing))
        key = (name, verdict, tuple(path.steps for path in paths[:2]))
        known = self._found.get(key)
        if known is not None:
            self._found[key] = known._replace(alike=known.alike + 1)
            return
        users = sorted(evidence.users) if evidence is not None else []
        ways = [(f"user {number}", path.steps) for number, path in enumerate(paths, 1)]
        self._found[key] = SharedObject(
            name,
            verdict,
            one.owner_count,
            len(users),
            paths,
            self._holder_of(one.thing),
            evidence.objects if evidence is not None else 1,
            draw(ways, name, verdict),
            1,
            tuple(self._tags.owners[index] for index in users[:PATHS]),
            self._steps_to_data(one.thing, evidence),
        )

    def _add_remains(self, remains: Remains) -> None:
        """Describe the data that a global holds and no instance leads to."""
        verdict = verdict_on_data(remains.evidence, None)
        self._add_held(remains.place, remains.thing, verdict, remains.evidence)

    def _add_request(self, place: Place, request: Any) -> None:
        """Describe a request that a global has kept since the last look."""
        if self._memory.has_changed(request, place.steps, 0) is not None:
            self._add_held(place, request, "never-share", None)

    def _add_held(self, place: Place, thing: Any, verdict: str, evidence: Evidence | None) -> None:
        chain = chain_below(self._edges, place.value, thing)
        if not chain:
            thing = place.value
        holder = place.steps + self._names.of(chain)[1:]
        users = sorted(evidence.users) if evidence is not None else []
        name = qualified_name(type(thing))
        self._found[(name, verdict, holder)] = SharedObject(
            name,
            verdict,
            0,
            len(users),
            (),
            holder,
            evidence.objects if evidence is not None else 1,
            draw([("", holder)], name, verdict),
            1,
            tuple(self._tags.owners[index] for index in users[:PATHS]),
            self._steps_to_data(thing, evidence),
        )

    def _steps_to_data(self, thing: Any, evidence: Evidence | None) -> tuple[str, ...]:
        for nearest in evidence.loose_at[:PATHS] if evidence is not None else ():
            chain = chain_below(self._edges, thing, nearest)
            if chain:  # it is still there
                return self._names.of(chain)[1:]
        return ()

    def _holder_of(self, thing: Any) -> tuple[str, ...]:
        place, chain = self._globals.holder_of(thing)
        return place + self._names.of(chain)[1:]

    def _is_secret(self, text: str) -> bool:
        return bool(self._tags.within(text)) or self._tags.equal_in_place(text) >= 0

    def _forget(self) -> Iterator[None]:
        yield from self._walk.forget()
        self._globals.forget()
        self._names.forget()
        self._edges.forget()
        self._owner_of_root.clear()

    def _end(self) -> None:
        self._steps = None
        self._ended = perf_counter_ns()
