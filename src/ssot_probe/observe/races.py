"""Notices when overlapping calls of a factory with one key give out two instances of which it keeps one.

The key is the user, or the factory itself where the concept is for the whole process. While nothing
overlaps, a call costs an entry in a list, which it takes out again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from time import time_ns
from types import CodeType
from typing import Any, NamedTuple
from weakref import ref

from ssot_probe.context.current import bound_user, thread_and_task
from ssot_probe.context.request import current_request, mark_request
from ssot_probe.model.sharing import race_severity
from ssot_probe.observe.actors import here
from ssot_probe.observe.instances import InstanceRef, InstanceTable
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.slots import Slot, slots_of

MOST_ENDED = 64
"""Calls of one factory that are compared with those that end after them."""

MOST_LOOKS = 200
"""Pairs of instances of one factory that are looked for in what it keeps."""

MOST_PAIRS = 256
"""Pairs of instances that are remembered, so that a race is found of one factory only."""

TOLD_ONE_BY_ONE = 3
"""Races of one factory that are told, each with its places and times; the rest is counted."""

CHAIN, OUTER, ENTERED, NEWEST = range(4)  # what a call of a factory holds


class Attempt(NamedTuple):
    """A call of a factory that gave out an instance that was new."""

    call: list[Any]
    key: tuple[object, ...]
    instance: Callable[[], Any]
    serial: int  # of the instance, 0 where it is not followed yet
    user: str  # "" where the key is the factory
    thread: str
    task: str
    code: CodeType
    offset: int
    entered: int
    left: int


class RaceEvent(NamedTuple):
    """Two calls of a factory overlapped, and it keeps what one of them gave out."""

    maker: Maker
    cls: ObservedClass
    first: Attempt
    second: Attempt
    kept: int  # 0: of the first, 1: of the second
    slot: str
    request: tuple[str, str]
    count: int  # type: ignore[assignment]  # races of this factory since the last one that was told


class Gate:
    """What is known of the calls of one factory.

    Attributes:
        inside: a None for each call that has not ended: only how many there are counts.
        attribute: where a `cached_property` keeps, right after the call, what it gave out; "" for all others.
        ended: calls that ended while others had not.
    """

    __slots__ = ("attribute", "counts", "ended", "inside", "is_asked_first", "looks")

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute
        self.inside: list[None] = []
        self.ended: list[Attempt] = []
        self.looks = 0
        self.counts = [0, 0]  # of all races, and of those told
        self.is_asked_first: dict[tuple[str, bool], bool] = {}

    def leave(self) -> None:
        """Note that a call has ended. A forked child has forgotten those that were under way."""
        with suppress(IndexError):
            self.inside.pop()


class Races:
    """Compares overlapping calls.

    Args:
        append: takes one event; must neither block nor raise.
        instances: where instances get their serials.
    """

    def __init__(self, append: Callable[[Any], None], instances: InstanceTable) -> None:
        self._append = append
        self._instances = instances
        self._pairs: dict[tuple[int, int], bool] = {}
        self._gates: list[Gate] = []

    def gate(self, attribute: str = "") -> Gate:
        """Return what the calls of one more factory are noted in, a `cached_property` by its name."""
        gate = Gate(attribute)
        self._gates.append(gate)
        return gate

    def forget(self) -> None:
        """Forget the calls that are under way: in a forked child they never end."""
        for gate in self._gates:
            gate.inside.clear()
            gate.ended.clear()

    def end(
        self,
        gate: Gate,
        maker: Maker,
        observed: ObservedClass,
        call: list[Any],
        called: Any,
        holder: Any,
        result: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        code: CodeType,
        offset: int,
    ) -> None:
        """Compare a call, which is still inside, with those that ended since it began.

        Args:
            gate: of the factory.
            maker: the factory.
            observed: what is known of the result's class.
            call: as `observe.recording` describes it.
            called: what was called, bound as it was.
            holder: what the factory is a method of, or constructs; None for a function.
            result: what it gave out.
            args: of the call, to find the user.
            kwargs: of the call.
            code: of the caller.
            offset: of the calling instruction.
        """
        if gate.attribute and args:
            holder = args[0]
        known = self._instances.find(result)
        is_new = known is None or known.serial > call[NEWEST]
        key = self._key(maker, observed, holder, result, args, kwargs, known) if is_new else None
        if key is not None:
            thread, task = thread_and_task()
            user = str(key[1] or "")
            left = time_ns()
            serial = 0 if known is None else known.serial
            actor = (user, thread, task, code, offset)
            mine = Attempt(call, key, ref(result), serial, *actor, call[ENTERED], left)
            gate.ended.append(mine)
            for other in gate.ended[:]:
                is_overlap = other.left > mine.entered and other.key == key
                if is_overlap and other is not mine and not _is_made_by(other.call, call):
                    self._compare(gate, maker, observed, called, holder, other, mine)
        if len(gate.inside) <= 1:
            gate.ended.clear()
        elif len(gate.ended) > MOST_ENDED:
            del gate.ended[: MOST_ENDED // 2]

    def _key(
        self,
        maker: Maker,
        observed: ObservedClass,
        holder: Any,
        result: Any,
        args: Any,
        kwargs: Any,
        known: InstanceRef | None,
    ) -> tuple[object, ...] | None:
        """Return for what the factory is to make one instance only, None where it may make several."""
        isolation = observed.concept.isolation
        if isolation == "request":
            return None  # two requests of one user may well overlap
        if isolation == "process":
            return (id(holder), "")
        user = bound_user()
        if user is None and maker.readers:
            user = maker.user_of(result, args, kwargs)
        if user is None and known is not None:
            user = known.user  # whom its constructor was told
        if user is None:
            return None
        return (id(holder), user, here.thread.serial if isolation == "user+thread" else 0)

    def _serial(self, attempt: Attempt) -> int:
        known = self._instances.find(attempt.instance())
        return attempt.serial if known is None else known.serial

    def _compare(
        self,
        gate: Gate,
        maker: Maker,
        observed: ObservedClass,
        called: Any,
        holder: Any,
        other: Attempt,
        mine: Attempt,
    ) -> None:
        instances = (other.instance(), mine.instance())
        if instances[0] is instances[1] or gate.looks >= MOST_LOOKS:
            return
        pair = (other.serial, mine.serial)
        if pair in self._pairs:
            return  # found of the factory that this one got them from
        gate.looks += 1
        if gate.attribute:
            slots = [None, Slot(gate.attribute, False, (), is_cache=True)]
        else:
            slots = slots_of(called, holder, instances)
        kept = slots[0] or slots[1]
        if kept is None or (slots[0] is not None and slots[1] is not None) or not _is_cache(gate, kept):
            return
        self._pairs[pair] = True
        while len(self._pairs) > MOST_PAIRS:
            del self._pairs[next(iter(self._pairs))]
        gate.counts[0] += 1
        request = ("", "")
        if "opentelemetry.trace" in sys.modules:
            request = current_request()
            severity = race_severity(observed.concept).label
            mark_request("SSOT205", severity, observed.concept.name, observed.name)
        count = gate.counts[0]
        if count > TOLD_ONE_BY_ONE and count & (count - 1):
            return
        found = [(one._replace(serial=self._serial(one)), slot) for one, slot in zip((other, mine), slots)]
        (first, slot), (second, _) = sorted(found, key=_began)
        count = gate.counts[0] - gate.counts[1]
        self._append(RaceEvent(maker, observed, first, second, int(slot is None), kept.name, request, count))
        gate.counts[1] = gate.counts[0]


def _began(one: tuple[Attempt, Slot | None]) -> int:
    return one[0].entered


def _is_made_by(inner: list[Any], outer: list[Any]) -> bool:
    """Was the one call made inside the other?"""
    call = inner[OUTER]
    while call is not None:
        if call is outer:
            return True
        call = call[OUTER]
    return False


def _is_cache(gate: Gate, slot: Slot) -> bool:
    answer = gate.is_asked_first.get(slot[:2])
    if answer is None:
        answer = gate.is_asked_first[slot[:2]] = slot.is_asked_first
    return answer
