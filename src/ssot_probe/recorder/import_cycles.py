"""Turns imports of half initialised modules into records, leaving out those that wanted only a submodule."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator

from ssot_probe.context.labels import thread_label
from ssot_probe.model.records import NOWHERE, CycleRecord, Site
from ssot_probe.observe import cycles
from ssot_probe.observe.cycles import Cycle
from ssot_probe.observe.importers import is_sweeper
from ssot_probe.observe.loading import Loading
from ssot_probe.recorder.places import Places


def settled(waiting: deque[Cycle], places: Places, is_final: bool) -> Iterator[CycleRecord]:
    """Take out what is known in full; yield what was a cycle.

    What was not there yet may be a submodule that is about to come: that waits until its package has loaded.
    """
    for _ in range(len(waiting)):
        cycle = waiting.popleft()
        if cycle.absent and not is_final and cycles.is_initializing(cycle.module):
            waiting.append(cycle)
            continue
        late = _late(cycle)
        if _wants_the_module(cycle, places) and (late or cycle.names or not cycle.absent):
            yield _record(cycle, late, places)


def _late(cycle: Cycle) -> tuple[str, ...]:
    """Return the names that were not there yet, and are no submodules."""
    submodules = {name: f"{cycle.module}.{name}" for name in cycle.absent}
    return tuple(
        name
        for name, module in submodules.items()
        if module not in sys.modules and module not in cycles.failed
    )


def _wants_the_module(cycle: Cycle, places: Places) -> bool:
    """Was the module itself asked for, by the application?"""
    last = cycle.last
    if last.code is None or is_sweeper(last.importer):
        return False
    if cycle.is_statement or last.called:
        return True
    call = places.call(last.code, last.offset)
    if call is None or not call.is_certain:
        return False  # an attribute was looked for
    # A package's flag is also read where a call imports a submodule of it.
    return not call.names_another(cycle.module) and (
        bool(call.written) or not places.is_package(cycle.module)
    )


def _record(cycle: Cycle, late: tuple[str, ...], places: Places) -> CycleRecord:
    links = (*cycle.chain, cycle.last)
    sites = [_site(link, places) for link in links]
    return CycleRecord(
        module=cycle.module,
        names=(*cycle.names, *late),
        outcome="failed" if late and not cycle.is_lazy else "cached",
        importers=tuple(link.importer for link in links),
        modules=tuple(link.module for link in links),
        places=tuple(f"{site.file}:{site.line}" for site in sites),
        site=sites[-1],
        thread=thread_label(cycle.thread),
        time=cycle.time,
    )


def _site(loading: Loading, places: Places) -> Site:
    if loading.code is None:
        return NOWHERE
    return places.at_line(loading.code, loading.line, loading.importer)
