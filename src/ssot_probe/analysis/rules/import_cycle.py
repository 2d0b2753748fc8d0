"""SSOT107: modules import each other, at load or deferred into functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.import_edges import import_edges
from ssot_probe.analysis.import_graph import DEFERRED, LOAD, STATIC_LOAD, Edge, Knot, knots
from ssot_probe.analysis.places import capped_groups
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, number, times
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.records import CycleRecord

RULE = Rule(
    code="SSOT107",
    name="import-cycle",
    severity=Severity.WARNING,
    claim="Modules import each other. At load, one of them saw another half initialised: what it finds there "
    "depends on which module is imported first. Deferred, an import inside a function hides that they are "
    "one piece.",
    proof="At load: the chain of imports from the half initialised module to the one that saw it, each with "
    "file and line, and what was fetched, or was not there yet. Deferred: a shortest circle of imports that "
    "were executed, with the functions that they are in; each set of modules once, however many circles "
    "there are in it.",
    silent="Imports for type checkers only, and functions that never ran. A submodule that asks its package "
    "for another submodule while the package is loaded; it is one to ask for what the package itself "
    "defines. A module that imports itself: there is no second one to miss anything. Threads that wait for "
    "a module which another one loads. Imports inside functions are seen where a module has to do with a "
    "concept; others only where they loaded something.",
    fix="Move what both need into a third module that imports neither. An import inside a function that is "
    "there because of the cycle becomes an ordinary one then.",
)


def check(case: Case) -> Iterator[Finding]:
    """Report half initialised modules that were seen, then what deferred imports hold together."""
    seen: dict[str, set[CycleRecord]] = defaultdict(set)
    for _, record in case.recording.of(CycleRecord):
        seen[record.module].add(record._replace(time=0, thread=""))
    for module, records in sorted(seen.items()):
        yield _at_load(module, sorted(records, key=lambda record: (len(record.modules), record)))
    taken = set(seen)
    for knot in knots(import_edges(case.recording, case.joined)):
        finding = _deferred(knot, taken)
        taken.add(finding.subject)
        yield finding


def _at_load(module: str, records: Sequence[CycleRecord]) -> Finding:
    seers = list(dict.fromkeys(record.site.module for record in records))
    first = records[0]
    if len(seers) == 1:
        message = f"{seers[0]} {_saw(first)}."
    else:
        message = f"{number(len(seers), 'module')} saw {module} half initialised: {listing(seers)}."
    failed = sorted({record.site.module for record in records if record.outcome == "failed"})
    if failed and len(seers) > 1:
        message += f" For {listing(failed)} the import failed."
    return RULE.finding(
        module,
        f"Import cycle at load: {message}",
        capped_groups([_chain(record) for record in records]),
        count=len({(record.site.file, record.site.line) for record in records}),
    )


def _saw(record: CycleRecord) -> str:
    if record.outcome == "failed":
        return (
            f"asked {record.module} for {listing(record.names)} while that was half initialised, and the "
            "import failed"
        )
    what = listing(["everything" if name == "*" else name for name in record.names])
    taken = f"fetched {what} from" if what else "imported"
    return f"{taken} {record.module} while that was half initialised"


def _chain(record: CycleRecord) -> list[Evidence]:
    lines = []
    for importer, module, place in zip(record.importers, record.modules, record.places):
        file, _, line = place.rpartition(":")
        lines.append(Evidence(f"{importer} imports {module}", file, int(line) if line.isdecimal() else 0))
    return [*lines[:-1], Evidence(f"{record.site.module} {_saw(record)}", record.site.file, record.site.line)]


def _deferred(knot: Knot, taken: set[str]) -> Finding:
    hidden = [edge for edge in knot.cycle if edge.kind == DEFERRED] or list(knot.cycle)
    candidates = [*sorted({edge.importer for edge in hidden}), *knot.modules]
    subject = next((module for module in candidates if module not in taken), candidates[0])
    message = f"{number(len(knot.modules), 'module')} import each other: {listing(knot.modules)}."
    if knot.is_static:
        message += " Not all of these imports were seen to be executed (origin: static)."
    else:
        places = [f"{edge.importer} imports {edge.imported} inside {_function(edge)}" for edge in hidden]
        message += f" Deferred: {listing(places)}."
    return RULE.finding(
        subject,
        message,
        [Evidence(_hop(edge), edge.file, edge.line) for edge in knot.cycle],
        severity=Severity.NOTE if knot.is_static else None,
        count=len(knot.modules),
    )


def _hop(edge: Edge) -> str:
    where = "at load" if edge.kind in (LOAD, STATIC_LOAD) else f"inside {_function(edge)}"
    how_often = {LOAD: "", DEFERRED: f", {times(edge.count)}"}.get(edge.kind, ", not seen to be executed")
    return f"{edge.importer} imports {edge.imported} {where}{how_often}"


def _function(edge: Edge) -> str:
    return f"function {edge.function}"
