"""Says, once for each place, where imports are no longer counted in full."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ssot_probe.model.records import BlindRecord
from ssot_probe.observe.cycles import MOST_CYCLES
from ssot_probe.observe.hot_imports import MOST_PER_SECOND
from ssot_probe.observe.tripwire import MOST_ALIKE, Hit
from ssot_probe.recorder.places import Places

_HOT = (
    f"imported more than {MOST_PER_SECOND:,} times a second at {{}}: since then it is listened to now and "
    "then, and counts of its imports are lower bounds"
)
_CROWDED = (
    f"imported by text that is executed and keeps changing, at {{}}: {MOST_ALIKE} imports are told apart, "
    "others are counted as lost"
)


class Limits:
    """Remembers what was said."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._told: set[tuple[str, str]] = set()

    def reached(
        self, hot: Iterable[Hit], crowded: Collection[Hit], has_more_cycles: bool, now: int
    ) -> Iterator[BlindRecord]:
        """Yield what is counted in part from now on.

        Args:
            hot: places that import so often that their modules are not listened to all the time.
            crowded: places with more imports than are told apart.
            has_more_cycles: there were more cycles than are kept.
            now: nanoseconds since the epoch.
        """
        for reason, hits in ((_HOT, hot), (_CROWDED, crowded)):
            for hit in hits:
                yield from self._once(hit.module, reason.format(self._place(hit)), now)
        if has_more_cycles:
            yield from self._once("import cycles", f"only the first {MOST_CYCLES} places are kept", now)

    def _once(self, subject: str, reason: str, now: int) -> Iterator[BlindRecord]:
        if (subject, reason) not in self._told:
            self._told.add((subject, reason))
            yield BlindRecord(subject, reason, now)

    def _place(self, hit: Hit) -> str:
        site = self._places.site(hit.code, hit.offset, hit.importer)
        return f"{site.file}:{site.line}"
