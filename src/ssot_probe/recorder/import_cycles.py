"""Turns imports of half initialised modules into records, leaving out those that wanted only a submodule."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from ssot_probe.context.labels import thread_label
from ssot_probe.model.records import NOWHERE, CycleRecord, Site
from ssot_probe.observe import cycles
from ssot_probe.observe.cycles import Cycle
from ssot_probe.observe.loading import Loading
from ssot_probe.recorder.places import Places


def settled(waiting: deque[Cycle], places: Places, is_final: bool) -> Iterator[CycleRecord]:
    """Take out what is no longer half initialised; yield what was a cycle.

    What is still loading waits: the submodules that it was asked for may be about to come.
    """
    for _ in range(len(waiting)):
        cycle = waiting.popleft()
        if not is_final and cycles.is_initializing(cycle.module):
            waiting.append(cycle)
            continue
        late = _late(cycle, places)
        if _wants_the_module(cycle, places) and (late or cycle.names or not cycle.absent):
            yield _record(cycle, late, places)


def _late(cycle: Cycle, places: Places) -> tuple[str, ...]:
    """Return the names that came too late, so that the import failed."""
    return tuple(
        name
        for name in cycle.absent
        if not places.is_submodule(cycle.module, name) and f"{cycle.module}.{name}" not in cycles.failed
    )


def _wants_the_module(cycle: Cycle, places: Places) -> bool:
    """Was the module itself asked for, by the application?"""
    last = cycle.last
    if last.code is None or places.origin(last.importer) == "sweep":
        return False
    if cycle.is_statement or last.called:
        return True
    call = places.call(last.code, last.offset)
    if call is None:
        return False  # an attribute was looked for
    # A package's flag is also read where a call imports a submodule of it.
    return call.written == cycle.module or (not call.written and not places.is_package(cycle.module))


def _record(cycle: Cycle, late: tuple[str, ...], places: Places) -> CycleRecord:
    links = (*cycle.chain, cycle.last)
    sites = [_site(link, places) for link in links]
    return CycleRecord(
        module=cycle.module,
        names=(*cycle.names, *late),
        outcome="failed" if late else "cached",
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
