"""Tells what was heard of watched paths, and how each of them is watched, though nothing was heard of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ssot_probe.context.labels import thread_label
from ssot_probe.model.names import qualify
from ssot_probe.model.path_records import (
    CALLED,
    CONSTRUCTED,
    INHERITED,
    PROBE,
    RESOLVED,
    PathUseRecord,
    WatchedPathRecord,
)
from ssot_probe.model.records import NOWHERE, BlindRecord, ImportRecord, Site
from ssot_probe.observe.census import line_in_code
from ssot_probe.observe.importers import UNPICKLING
from ssot_probe.observe.paths import unheard
from ssot_probe.observe.paths.ear import Target, Use
from ssot_probe.recorder.pacing import is_due
from ssot_probe.recorder.places import Places
from ssot_probe.recorder.source_digests import SourceDigests

if TYPE_CHECKING:
    from ssot_probe.observe.paths.watched import WatchedPaths
    from ssot_probe.observe.paths.watched_path import WatchedPath


_CHANGING = WatchedPathRecord._fields.index("resolved")
"""Fields of a WatchedPathRecord before its counts: where one changes it is told again."""


class PathLedger:
    """Turns what was heard into records.

    Args:
        paths: what listens.
        places: turns code into places.
        try_control: tries whether all would be heard.
        since: files that have changed later are not those that were loaded; nanoseconds since the epoch.
    """

    def __init__(
        self, paths: WatchedPaths, places: Places, try_control: Callable[[], None], since: int
    ) -> None:
        self._paths = paths
        self._places = places
        self.try_control = try_control
        self._missed: set[str] = set()
        self._digests = SourceDigests(since)
        self._told: dict[str, tuple[object, ...]] = {}
        self._version = -1

    @property
    def control(self) -> str:
        """Did the probe hear what it did itself? "" where nothing is watched."""
        if not self._paths.has_tried:
            return ""
        return "missed" if self._paths.missed else "seen"

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how often each path was used, by path and rung."""
        found: dict[tuple[str, str], int] = {}
        for path in self._paths.paths:
            found[path.path, "loaded"] = path.loaded
        for use, _ in self._paths.ears.uses():
            if use.origin != PROBE:
                for target in use.targets:
                    if target.rung != INHERITED:
                        key = target.path, target.rung
                        found[key] = found.get(key, 0) + use.counter[0]
        return found

    def is_use(self, item: object) -> bool:
        """Is it a use of a path? In the buffer it only wakes the recorder: its counter says more."""
        return type(item) is Use

    def take(self, records: Iterable[object]) -> None:
        """Look at what was imported to be unpickled: no code of such classes runs."""
        for record in records:
            if type(record) is ImportRecord and record.origin == UNPICKLING:
                self._paths.unpickled(record.module)

    def due(
        self, now: int, is_final: bool, is_quiet: bool
    ) -> Iterator[PathUseRecord | WatchedPathRecord | BlindRecord]:
        """Yield what is new, and at the end how often each path was used."""
        if not self._paths.has_tried:
            self.try_control()
        for subject, reason in [*self._paths.missed.items(), *self._paths.blind.items()]:
            if subject not in self._missed:
                self._missed.add(subject)
                yield BlindRecord(subject, reason, now)
        self._paths.locate()
        for use, is_at_least in self._paths.ears.uses():
            count, before, told_at, last = use.counter
            if count > before and (is_final or is_due(now, use.first, told_at, is_quiet)):
                use.counter[1:3] = (count, now)
                for target in use.targets:
                    yield self._record(use, target, count - before, before, last, is_at_least)
        if is_final or self._version != self._paths.version:
            self._version = self._paths.version
            yield from self._states(self._paths, is_final, now)

    def _states(self, paths: WatchedPaths, is_final: bool, now: int) -> Iterator[WatchedPathRecord]:
        """Yield how the paths are watched, where that is new or the last word."""
        codes, counts = self._codes(paths), self.counts()
        for path in paths.paths:
            record = self._state(path, codes.get(path.path, 0), counts, now)
            known = record[:_CHANGING]
            if is_final or self._told.get(path.path) != known:
                self._told[path.path] = known
                yield record

    def _codes(self, paths: WatchedPaths) -> dict[str, int]:
        found: dict[str, int] = {}
        for ear in paths.ears.all():
            asked = [target for each in (ear.asked or {}).values() for target in each]
            listening = {target.path for target in (*ear.targets, *asked) if target.rung != RESOLVED}
            for path in listening:
                found[path] = found.get(path, 0) + 1
        return found

    def _state(
        self, path: WatchedPath, codes: int, counts: dict[tuple[str, str], int], now: int
    ) -> WatchedPathRecord:
        kind, target = ("unknown", "") if path.bound is None else path.bound
        name = path.name if kind in ("class", "function", "unknown") else ""
        digest = self._digests.of(path.file, name, 0)
        if kind == "unknown" and not digest:  # of a name that the module only binds, the file's
            digest = self._digests.of(path.file, "", 0)
        return WatchedPathRecord(
            path=path.path,
            kind=kind,
            file=self._places.relative(path.file) if path.file else "",
            target=target,
            digest=digest,
            codes=codes,
            unheard=unheard.told(path.unheard),
            resolved=counts.get((path.path, RESOLVED), 0),
            loaded=counts.get((path.path, "loaded"), 0),
            constructed=counts.get((path.path, CONSTRUCTED), 0),
            called=counts.get((path.path, CALLED), 0),
            time=now,
        )

    def _record(
        self, use: Use, target: Target, count: int, before: int, last: int, is_at_least: bool
    ) -> PathUseRecord:
        name = "" if target.name == "<module>" else target.name
        return PathUseRecord(
            path=target.path,
            rung=target.rung,
            subject=target.subject,
            through=target.through,
            origin=use.origin,
            by_user=use.by_user,
            thread=thread_label(use.thread),
            count=count,
            is_at_least=is_at_least,
            first=use.first if not before else last,
            last=last,
            digest=self._digests.of(target.file, name, target.line),
            defined=self._defined(target),
            site=self._site(use),
        )

    def _defined(self, target: Target) -> Site:
        file = self._places.relative(target.file) if target.file else ""
        return Site(file, target.line, target.name, target.module)

    def _site(self, use: Use) -> Site:
        if use.place is not None:
            file, line, function, module = use.place
            file = file or (self._places.script if module == "__main__" else "")
            if use.targets[0].rung == INHERITED and not line:
                line = line_in_code(qualify(module, function))
            return Site(self._places.relative(file) if file else "", line, function, module)
        if use.code is None:
            return NOWHERE
        return self._places.site(use.code, use.offset, use.importer)
