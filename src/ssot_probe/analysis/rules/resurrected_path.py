"""SSOT602: a legacy path is gone, and somebody still tries to import it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.places import capped
from ssot_probe.analysis.retirement.rows import Row
from ssot_probe.analysis.retirement.use import Use
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number, period, times
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.names import split
from ssot_probe.model.records import ImportRecord

RULE = Rule(
    code="SSOT602",
    name="resurrected-path",
    severity=Severity.ERROR,
    claim="A path that the policy declares legacy is gone, and somebody tried to import it all the same.",
    proof="The imports that failed, each with file, line, count and failure, in processes that say that the "
    "path is not there: its module cannot be found, or does not bind the name.",
    silent="Imports that failed for another reason: the module is there and raised, or something that it "
    "imports is missing. Processes that do not watch the path.",
    fix="Move the importer to the canonical path, or bring back what was deleted. An optional import, behind "
    "try and except, does not fail the service, and takes another way than it did: look at that one as well. "
    "When nobody asks any more, take the path out of the policy.",
)

OPTIONAL = ("try", "except")


def check(case: Case) -> Iterator[Finding]:
    """Report each path that is gone and wanted."""
    if case.retirement is None:
        return
    concepts = {members.concept.name: members.concept for members in case.concepts}
    guards = _guards(case)
    for row in case.retirement.rows:
        if row.wanted:
            yield RULE.finding(
                row.path,
                _message(row),
                capped(_lines(row, case, guards)),
                concept=concepts.get(row.concept),
                count=sum(use.count for use in row.wanted),
            )


def _message(row: Row) -> str:
    count = sum(use.count for use in row.wanted)
    places = {(use.site.file, use.site.line) for use in row.wanted}
    when = period(min(use.first for use in row.wanted), max(use.last for use in row.wanted))
    gone = "its module does not bind it" if _is_unbound(row) else "it is not there"
    return f"Imported in vain {times(count)} from {number(len(places), 'place')}, {when}: {gone}."


def _is_unbound(row: Row) -> bool:
    """Is the module there, and the name not in it?"""
    return ":" in row.path and bool(row.rungs["loaded"].count)


def _failure(row: Row, use: Use) -> str:
    """Return what the importer got to see."""
    module, name = split(row.path)
    if _is_unbound(row):
        return f"ImportError: cannot import name {name.partition('.')[0]} from {module}"
    package, _, last = module.rpartition(".")
    if use.subject == package and last in use.names:
        return f"ImportError: cannot import name {last} from {package}"
    return f"ModuleNotFoundError: no module named {module}"


def _lines(row: Row, case: Case, guards: Mapping[tuple[str, int], str]) -> list[Evidence]:
    places: dict[tuple[str, int, str], list[Use]] = defaultdict(list)
    for use in row.wanted:
        places[use.site.file, use.site.line, use.what].append(use)
    lines = []
    for (file, line, what), same in sorted(places.items()):
        scanned = case.joined.file(file) if case.joined is not None else file
        optional = ", behind try and except," if guards.get((scanned, line)) in OPTIONAL else ""
        count = times(sum(use.count for use in same))
        told = f"{what}{optional or ','} {count}: {_failure(row, same[0])}"
        lines.append(Evidence(told, file, line, thread=same[0].thread))
    return lines


def _guards(case: Case) -> Mapping[tuple[str, int], str]:
    inventory = case.recording.inventory
    declared = inventory.of(ImportRecord) if inventory is not None else ()
    return {(record.site.file, record.site.line): record.guard for _, record in declared if record.guard}
