"""Where makers are called: one object for all calls that are alike, so that a call need only look it up."""

from __future__ import annotations

from types import CodeType
from typing import TYPE_CHECKING, Any, Optional

from ssot_probe.observe.callers import Calls

if TYPE_CHECKING:
    from ssot_probe.observe.instances import InstanceRef
    from ssot_probe.observe.makers import Maker, ObservedClass

MOST_SITES = 10_000
"""Call sites that one table remembers; then it starts anew, and a second object may say what one said."""

MOST_PLACES = 1_000
"""Those of one maker, where it remembers them on its own: code that is made at run time is not to stay."""

MOST_CHAINS = 100
"""Chains of factories within which one call site is remembered."""


class CallSite:
    """A place at which a maker is called. Equal ones may be several objects, for a while.

    Attributes:
        maker: what is called.
        outcome: "constructed", "returned" or "used".
        cls: class of the instance.
        code: of the caller.
        offset: of the calling instruction.
        chain: the factories that run around the call.
        outer: code and offset of who constructs what makes the call.
        latest: what was handed out here last, and to whom, by any thread; None before.
    """

    __slots__ = (
        *("_again", "_within", "chain", "cls", "code"),
        *("latest", "maker", "offset", "outcome", "outer"),
    )

    def __init__(
        self,
        maker: Maker,
        outcome: str,
        cls: ObservedClass,
        code: CodeType,
        offset: int,
        chain: tuple[Maker, ...] = (),
        outer: Calls = (),
    ) -> None:
        self.maker = maker
        self.outcome = outcome
        self.cls = cls
        self.code = code
        self.offset = offset
        self.chain = chain
        self.outer = outer
        self.latest: Optional[tuple[InstanceRef, Optional[str]]] = None
        self._within: Optional[dict[tuple[Maker, ...], CallSite]] = None
        self._again: Optional[CallSite] = None

    def again(self) -> CallSite:
        """Return the same call as one that returns an instance which was constructed before."""
        found = self._again
        if found is None:
            found = self._again = CallSite(
                self.maker, "returned", self.cls, self.code, self.offset, self.chain, self.outer
            )
        return found

    def within(self, chain: tuple[Maker, ...]) -> CallSite:
        """Return the same call made while other factories run."""
        known = self._within
        if known is None or len(known) > MOST_CHAINS:
            known = self._within = {self.chain: self}
        found = known.get(chain)
        if found is None:
            found = CallSite(self.maker, self.outcome, self.cls, self.code, self.offset, chain, self.outer)
            known[chain] = found
        return found


Places = dict[tuple[Any, ...], CallSite]
"""Call sites of one maker, by as much as tells those apart that are met most."""


def remember(places: Places, key: tuple[Any, ...], site: CallSite, most: int = MOST_PLACES) -> None:
    """Take in a call site. An id in the key that is its code's stays that code's for as long."""
    if len(places) >= most:
        places.clear()
    places[key] = site


class CallSites:
    """Call sites by all that tells them apart. Two threads that meet a new one may get an object each."""

    def __init__(self) -> None:
        self._known: Places = {}

    def at(
        self,
        maker: Maker,
        outcome: str,
        cls: ObservedClass,
        code: CodeType,
        offset: int,
        chain: tuple[Maker, ...] = (),
        outer: Calls = (),
    ) -> CallSite:
        """Return the call site. Code is told apart by its identity: to compare it takes long."""
        around = tuple([(id(caller), instruction) for caller, instruction in outer]) if outer else ()
        key = (maker, outcome, cls, id(code), offset, chain, around)
        found = self._known.get(key)
        if found is None:
            found = CallSite(maker, outcome, cls, code, offset, chain, outer)
            remember(self._known, key, found, MOST_SITES)
        return found
