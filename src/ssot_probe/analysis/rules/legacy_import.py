"""SSOT108: a path that the policy declares legacy is still imported, or its members are still used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.legacy import Use, covers, uses
from ssot_probe.analysis.places import capped
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.rows import Row
from ssot_probe.analysis.retirement.verdicts import LIVE
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number, period, times
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.path_records import CALLED, CONSTRUCTED
from ssot_probe.model.policy import Concept
from ssot_probe.model.records import ModuleRecord

RULE = Rule(
    code="SSOT108",
    name="legacy-import",
    severity=Severity.ERROR,
    claim="A path that the policy declares legacy is still imported, or something that lives there is "
    "still called or constructed.",
    proof="Each importing or calling place with file, line and count, whether it happened while the "
    "importer was being loaded or later, and the first and the last time.",
    silent="Imports that legacy modules of the same concept make of each other: they are the business of "
    "whoever imports the outermost one. Tools that walk modules (dir, inspect, pickle's search, reloaders, "
    "test collection). Imports that failed.",
    fix="Move the places that are named to the canonical path, one file at a time; the finding counts "
    "down. When it is gone, `ssot-probe dead` says whether the evidence is enough to delete the path.",
    example='legacy = ["chat.ws.old_manager", "chat.ws.compat:create_manager"]',
)


def check(case: Case) -> Iterator[Finding]:
    """Look for uses of each legacy entry of each concept."""
    rows = {row.path: row for row in case.retirement.rows} if case.retirement is not None else {}
    for members in case.concepts:
        concept = members.concept
        for entry, found in _by_outermost(case.recording, concept).items():
            if found:
                yield _finding(concept, entry, found)
            elif entry in rows and rows[entry].verdict == LIVE:
                yield from _used_unfetched(case.recording, concept, rows[entry])


def _by_outermost(recording: Recording, concept: Concept) -> Mapping[str, list[Use]]:
    """Return the uses of each entry that are not the doing of another legacy module that is used itself."""
    everything = {entry: uses(recording, entry) for entry in dict.fromkeys(concept.legacy)}
    outer = {
        entry: [use for use in found if not _around(use, concept)] for entry, found in everything.items()
    }
    kept: dict[str, list[Use]] = {}
    for entry, found in everything.items():
        # What a legacy module does while it is loaded is the doing of whoever loads it. What it does later
        # shows that it is in use, where nothing else does.
        inner = [
            use
            for use in found
            if not use.while_loading and not any(outer[around] for around in _around(use, concept))
        ]
        kept[entry] = outer[entry] or inner
    return kept


def _around(use: Use, concept: Concept) -> list[str]:
    """Return the legacy entries that the place of a use itself belongs to."""
    return [entry for entry in concept.legacy if covers(entry, use.site.module)]


def _finding(concept: Concept, entry: str, found: Sequence[Use]) -> Finding:
    count = sum(use.count for use in found)
    places = {(use.site.file, use.site.line) for use in found}
    when = period(min(use.first for use in found), max(use.last for use in found))
    return RULE.finding(
        entry,
        f"Declared legacy, and used {times(count)} from {number(len(places), 'place')}, {when}.",
        capped(_lines(found)),
        concept=concept,
        count=count,
    )


def _used_unfetched(recording: Recording, concept: Concept, row: Row) -> Iterator[Finding]:
    """Yield a name that nobody imported, and that was used all the same: through its module, or by others."""
    own = {
        record.file
        for _, record in recording.of(ModuleRecord)
        if any(covers(entry, record.module) for entry in concept.legacy)
    }
    found = [witness for witness in row.witnesses if witness.file not in own]
    if found:
        said = (
            Evidence(f"{one.what}, {times(one.count, one.is_at_least)}", one.file, one.line) for one in found
        )
        lines = list(dict.fromkeys(said))  # the last use may be of the place of the first
        count = sum(row.rungs[rung].count for rung in (CONSTRUCTED, CALLED)) or len(found)
        message = f"Declared legacy. {row.sentence}"
        yield RULE.finding(row.path, message, capped(lines), concept=concept, count=count)


def _lines(found: Sequence[Use]) -> list[Evidence]:
    places: dict[tuple[str, int, str], list[Use]] = defaultdict(list)
    for use in found:
        places[use.site.file, use.site.line, use.what].append(use)
    return [
        Evidence(
            f"{what}, {times(sum(use.count for use in same))}, {_when(same)}, "
            f"{period(min(use.first for use in same), max(use.last for use in same))}",
            file,
            line,
        )
        for (file, line, what), same in sorted(places.items())
    ]


def _when(found: Sequence[Use]) -> str:
    kinds = {use.while_loading for use in found}
    return "at load and later" if len(kinds) == 2 else "at load" if True in kinds else "later"
