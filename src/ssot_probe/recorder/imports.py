"""Adds executed imports up: per importing place an exact count."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from types import CodeType

from ssot_probe.context.labels import thread_label
from ssot_probe.model.records import BlindRecord, ImportRecord
from ssot_probe.observe.loading import Loading
from ssot_probe.observe.tripwire import Hit
from ssot_probe.recorder.pacing import is_due
from ssot_probe.recorder.places import Places


class ImportLedger:
    """Turns tripwire hits and loadings into import records."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._unclear: set[str] = set()  # modules for which it was told
        self._loaded: set[str] = set()
        self._loaded_at: dict[tuple[str, int, int], CodeType] = {}  # keeps the code, so that its id stays its

    def loaded(self, loading: Loading, outcome: str, thread: str, time: int) -> Iterator[ImportRecord]:
        """Yield the record of an import that ran a module, or failed to."""
        if loading.code is not None:
            self._loaded_at[loading.module, id(loading.code), loading.offset] = loading.code
            statement = self._places.statement(loading.code, loading.offset)
            asked = self._places.absolute(statement, loading.importer)
            names = statement.names if statement is not None and asked == loading.module else ()
            record = ImportRecord(
                module=loading.module,
                names=names,
                outcome=outcome,
                origin=self._places.origin(loading.code, loading.offset, loading.origin),
                at_load=loading.code.co_name == "<module>",
                site=self._places.at_line(loading.code, loading.line, loading.importer),
                thread=thread_label(thread),
                count=1,
                first=time,
                last=time,
            )
            yield record
            if statement is not None and asked in self._loaded and asked.startswith(f"{loading.module}."):
                # The package that the statement loads on the way has imported the module already: then the
                # interpreter looks at nothing more, and this is all that is ever seen of the statement.
                yield record._replace(module=asked, names=statement.names, outcome="cached")
        self._loaded.add(loading.module)

    def due(
        self, hits: Collection[Hit], now: int, is_final: bool, is_quiet: bool = False
    ) -> Iterator[ImportRecord | BlindRecord]:
        """Yield what the tripwires counted since the last time, where that is new or was not told lately."""
        due = []
        for hit in hits:
            count, before, told_at, _ = hit.counter
            if count != before and (is_final or is_due(now, hit.first, told_at, is_quiet)):
                hit.counter[1:3] = (count, now)
                due.append((hit, before, count))
        if due:
            for_submodules = _imports_of_submodules(hits)
            for hit, before, count in due:
                if (hit.module, id(hit.code), hit.offset) not in for_submodules:
                    yield from self._records(hit, before, count, now)

    def _records(self, hit: Hit, before: int, count: int, now: int) -> Iterator[ImportRecord | BlindRecord]:
        code, offset = hit.through or (hit.code, hit.offset)
        statement = self._places.statement(code, offset)
        call = None if statement is not None or hit.called else self._places.call(code, offset)
        if statement is None and call is None and not hit.called:
            return  # an attribute was looked for: no import
        if call is not None and not call.is_certain:
            yield from self._tell_unclear(hit, now)
            return
        is_alias = call is not None and self._places.is_alias(call.written, hit.module)
        if call is not None and call.names_another(hit.module) and not is_alias:
            return  # an import of a submodule
        asked = self._places.absolute(statement, hit.importer)
        is_written = statement is not None and not hit.called
        if call is not None and is_alias:
            asked, is_written = call.written, True
        elif is_written and asked != hit.module and not self._places.is_alias(asked, hit.module):
            return  # an import of a submodule
        fetches = call.fetches if call is not None else statement is not None and bool(statement.names)
        if self._places.reads_twice(fetches, hit.module):
            before, count = before // 2, count // 2
        if count <= before:
            return
        record = ImportRecord(
            module=asked if is_written else hit.module,
            names=statement.names if statement is not None and is_written else (),
            outcome="cached",
            origin=self._places.origin(code, offset, hit.origin),
            at_load=hit.code.co_name == "<module>",
            site=self._places.site(hit.code, hit.offset, hit.importer),
            thread=thread_label(hit.thread),
            count=count - before,
            first=hit.first if not before else now,
            last=now if before or count > 1 else hit.first,
        )
        yield record
        for name in self._places.names_of(record.module, record.names):
            if self._places.is_submodule(record.module, name):
                submodule = record._replace(module=f"{record.module}.{name}", names=())
                again = record.count - self._is_told_as_loaded(hit, submodule.module, before)
                if again:
                    yield submodule._replace(count=again)

    def _is_told_as_loaded(self, hit: Hit, submodule: str, before: int) -> bool:
        """Is the first of these imports of a package the one that loaded its submodule, and was told so?"""
        if before or hit.module not in self._loaded:  # nobody tells that a namespace package was loaded
            return False
        place = id(hit.code), hit.offset
        return (submodule, *place) in self._loaded_at and (hit.module, *place) not in self._loaded_at

    def _tell_unclear(self, hit: Hit, now: int) -> Iterator[BlindRecord]:
        if hit.module not in self._unclear:
            self._unclear.add(hit.module)
            site = self._places.site(hit.code, hit.offset, hit.importer)
            reason = (
                f"before Python 3.12 it looks like reading an attribute: perhaps at {site.file}:{site.line}"
            )
            yield BlindRecord(f"imports of {hit.module} by code in C", reason, now)


def _imports_of_submodules(hits: Iterable[Hit]) -> set[tuple[str, int, int]]:
    """Return the top-level packages and places where only a submodule was asked for: it touches both."""
    return {(hit.module.partition(".")[0], id(hit.code), hit.offset) for hit in hits if "." in hit.module}
