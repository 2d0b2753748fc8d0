"""How spans of each kind are added up where they lie: a sum, only the newest, or each one whole."""

from __future__ import annotations

from typing import NamedTuple

from ssot_probe.wire.registry import SPANS

PROCESS, ACCESS, THREAD, FINDING, PATHS, MODULES = (
    "ssot.probe.process",
    "ssot.instance.access",
    "ssot.instance.thread",
    "ssot.finding",
    "ssot.paths",
    "ssot.modules",
)
SHARING, STALE_CONTEXT = "cross_user_shared_instance", "stale_context"
"""Kinds of findings."""

COUNT = "ssot.count"

CLOCK_TOLERANCE = 2_000_000_000
"""Nanoseconds by which a clock may go back unnoticed, as in `retirement/clocks.py`."""


class Sum(NamedTuple):
    """Spans that are one fact, told again as it grew: alike in all attributes but these."""

    sums: tuple[str, ...] = ()
    maxima: tuple[str, ...] = ()


SUMS = {
    "ssot.import": Sum((COUNT,)),
    "ssot.make": Sum((COUNT, "ssot.unattributed.count")),
    "ssot.path.use": Sum((COUNT,)),
    "ssot.holder": Sum(),
    "ssot.pool": Sum((COUNT, "ssot.unattributed.count", "ssot.pool.handovers", "ssot.pool.unclean")),
    "ssot.look": Sum(
        (COUNT, "ssot.look.objects", "ssot.look.slices", "ssot.look.duration"),
        (
            "ssot.look.roots",
            "ssot.look.owners",
            "ssot.look.longest_slice",
            "ssot.look.user.count",
            "ssot.look.user.seen",
        ),
    ),
    FINDING: Sum((COUNT,)),  # of the kind STALE_CONTEXT; all others stay whole
}
"""Facts that add up, by the name of their span."""

NEWEST = {
    "ssot.population": ("ssot.concept.name", "ssot.instance.type", "ssot.maker.name"),
    "ssot.user_source": ("ssot.user_source.name",),
}
"""States of which only the newest counts, and the attributes that say what each is the state of."""

LISTS = {
    MODULES: "ssot.module.names",
    PATHS: "ssot.path.names",
    "ssot.definitions": "ssot.path.names",
    "ssot.sources": "ssot.source.files",
    "ssot.forks": "ssot.fork.children",
}
"""Spans that carry several records, and a list that has one entry for each."""

APART = frozenset({*SUMS, *NEWEST, PROCESS, ACCESS, THREAD, PATHS}) - {FINDING}
"""Spans that never stay whole."""

KNOWN = tuple(span.name for span in SPANS)
