"""Says, once for each place, where imports are no longer counted in full."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ssot_probe.model.records import BlindRecord
from ssot_probe.observe.cycles import MOST_CYCLES
from ssot_probe.observe.hot_imports import MOST_PER_SECOND
from ssot_probe.observe.tripwire import MOST_ALIKE, Hit
from ssot_probe.recorder.places import Places

_HOT = (
    f"not every import of it, as more than {MOST_PER_SECOND:,} a second come from {{}}; it is listened to "
    "now and then, and counts of its imports are lower bounds"
)
_CROWDED = (
    "not every import of it, as text that is executed and keeps changing imports it at {}; "
    f"{MOST_ALIKE} different imports are told apart there"
)
_UNPLACED = "an import of it by no code of Python, but by the program that runs it"
_CYCLES = f"more than the first {MOST_CYCLES} places"


class Limits:
    """Remembers what was said."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._told: set[tuple[str, str]] = set()

    def reached(
        self,
        hot: Iterable[Hit],
        crowded: Collection[Hit],
        unplaced: Iterable[str],
        has_more_cycles: bool,
        now: int,
    ) -> Iterator[BlindRecord]:
        """Yield what is counted in part from now on.

        Args:
            hot: places that import so often that their modules are not listened to all the time.
            crowded: places with more imports than are told apart.
            unplaced: modules that no code of Python imported.
            has_more_cycles: there were more cycles than are kept.
            now: nanoseconds since the epoch.
        """
        for reason, hits in ((_HOT, hot), (_CROWDED, crowded)):
            for hit in hits:
                yield from self._once(hit.module, reason.format(self._place(hit)), now)
        for module in unplaced:
            yield from self._once(module, _UNPLACED, now)
        if has_more_cycles:
            yield from self._once("import cycles", _CYCLES, now)

    def _once(self, subject: str, reason: str, now: int) -> Iterator[BlindRecord]:
        if (subject, reason) not in self._told:
            self._told.add((subject, reason))
            yield BlindRecord(subject, reason, now)

    def _place(self, hit: Hit) -> str:
        site = self._places.site(hit.code, hit.offset, hit.importer)
        return f"{site.file}:{site.line}"
