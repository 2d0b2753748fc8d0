"""The verdicts about paths as lines of text: each with its reason first, the evidence of all at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ssot_probe.analysis.wording import listing, number, times
from ssot_probe.report.sanitize import clean
from ssot_probe.report.segments import Line, Segment
from ssot_probe.report.view import View

MOST_LINES = 8
"""Bound on the lines of one kind below one verdict."""

WIDEST_NAME = 11

_ROLES = {
    "LIVE": "error",
    "LIVE-NON-APP": "warning",
    "INSUFFICIENT": "warning",
    "VOID": "alarm",
    "NO-EVIDENCE": "alarm",
    "CONTRADICTED": "alarm",
}
"""Colours by verdict; what seems dead is a note."""


def lines_of(view: View) -> Iterator[Line]:
    """Yield the lines of the verdicts."""
    for row in view["paths"]:
        yield from _verdict(row)
        yield []
    yield from _totals(view)
    yield from _evidence(view)


def why_lines(view: View) -> Iterator[Line]:
    """Yield who keeps each path alive: the first and the last witness, else what source says of it."""
    for row in view["paths"]:
        yield _heading(row)
        yield [Segment(f"  {clean(row['sentence'])}")]
        witnesses = row["witnesses"]
        chosen = witnesses if len(witnesses) < 2 else [witnesses[0], witnesses[-1]]
        for name, witness in zip(("first", "last"), chosen, strict=False):
            yield _witness(name, witness)
        if not witnesses:
            yield from _importers(row["static_importers"])
        yield []


def _heading(row: View) -> Line:
    concept = f"  [{clean(row['concept'])}]" if row["concept"] else ""
    return [
        Segment(f"{row['verdict']:<20}", _ROLES.get(row["verdict"], "note")),
        Segment(f"{row['grade']}  "),
        Segment(clean(row["path"]), "heading"),
        Segment(concept, "faint"),
    ]


def _verdict(row: View) -> Iterator[Line]:
    yield _heading(row)
    yield [Segment(f"  {clean(row['sentence'])}")]
    yield _entry("uses", _uses(row))
    for position, witness in enumerate(row["witnesses"]):
        is_last = position and position == len(row["witnesses"]) - 1
        yield _witness("last" if is_last else "first" if not position else "", witness)
    for missing in row["missing"][:MOST_LINES]:
        yield _entry("missing", clean(missing))
    if len(row["missing"]) > MOST_LINES:
        yield _entry("", f"and {number(len(row['missing']) - MOST_LINES, 'more thing')}")
    yield from _importers(row["static_importers"])
    if row["verdict"] == "VOID":
        yield from _void(row["void"])
    if row["superseded"]:
        yield _entry("superseded", f"{number(row['superseded'], 'use')} of an older version of its source")
    if row["before_window"]:
        yield _entry("before", f"{number(row['before_window'], 'use')} before the day that was asked for")
    weak = [axis for axis in row["axes"] if axis["grade"] != "A" and axis["name"] != "verdict"]
    for axis in weak if row["verdict"] != "LIVE" else ():
        yield _entry(f"grade {axis['grade']}", clean(f"{axis['name']}: {axis['reason']}"))


def _uses(row: View) -> str:
    told = [
        f"{name} {'at least ' if rung['at_least'] else ''}{rung['count']}"
        for name, rung in row["rungs"].items()
        if rung["count"] or name != "inherited"
    ]
    origins = [origin for origin in row["origins"] if origin != "application"]
    return ", ".join(told) + (f" (also by {listing(origins)})" if origins else "")


def _witness(name: str, witness: View) -> Line:
    file = clean(witness["file"])
    place = f"{file}:{witness['line']}  " if file else ""
    parts = [
        "for a user" if witness["by_user"] else "",
        witness["origin"] if witness["origin"] != "application" else "",
        f"thread {witness['thread']}" if witness["thread"] else "",
        witness["process"],
    ]
    count = f", {times(witness['count'])}" if witness["count"] > 1 else ""
    return [
        Segment(f"  {name:<{WIDEST_NAME}}", "faint"),
        Segment(place, "place"),
        Segment(f"{clean(witness['what'])}{count}, {(witness['time'] or '').replace('T', ' ')}"),
        Segment(f"  [{clean(', '.join(part for part in parts if part))}]", "faint"),
    ]


def _importers(importers: Sequence[View]) -> Iterator[Line]:
    for importer in importers[:MOST_LINES]:
        yield [
            Segment(f"  {'importer':<{WIDEST_NAME}}", "faint"),
            Segment(f"{clean(importer['file'])}:{importer['line']}  ", "place"),
            Segment(f"{clean(importer['what'])} ({importer['state']})"),
        ]
    if len(importers) > MOST_LINES:
        yield _entry("", f"and {number(len(importers) - MOST_LINES, 'more importer')}")


def _void(doubts: Sequence[View]) -> Iterator[Line]:
    for doubt in doubts[:MOST_LINES]:
        who = f"{clean(doubt['process'])}: " if doubt["process"] else ""
        when = f" ({doubt['first']} to {doubt['last']})".replace("T", " ") if doubt["first"] else ""
        yield _entry("void", f"{who}{clean(doubt['cause'])}{when}")
    if len(doubts) > MOST_LINES:
        yield _entry("", f"and {number(len(doubts) - MOST_LINES, 'more cause')}")


def _totals(view: View) -> Iterator[Line]:
    counts = Counter(row["verdict"] for row in view["paths"])
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    yield [Segment(f"{number(len(view['paths']), 'path')}: {told}.", "heading")]
    yield []


def _evidence(view: View) -> Iterator[Line]:
    evidence, policy = view["evidence"], view["policy"]
    counted = "all of them count" if evidence["counted"] == evidence["processes"] else ""
    counted = counted or f"{evidence['counted']} of them count"
    hours = f"{evidence['process_hours']:g} process-hours"
    yield _wide("evidence", f"{number(evidence['processes'], 'process')}, {counted}, {hours}")
    if evidence["tests"]:
        yield _wide("tests", f"{number(evidence['tests'], 'process')} ran tests and prove no silence")
    yield _wide("days", _days(evidence))
    roles = [f"{clean(role) or 'none given'} {days}" for role, days in evidence["days_of_role"].items()]
    yield _wide("roles", f"days of each: {', '.join(roles)}" if roles else "none reported")
    yield _wide("environments", _environments(evidence["environments"]))
    for name in ("releases", "hosts"):
        if evidence[name]:
            yield _wide(name, listing([clean(text) for text in evidence[name]]))
    yield _wide("cycles", listing(evidence["cycles"]) if evidence["cycles"] else "none declared")
    declared = evidence["entry_points"]
    if declared["declared"]:
        yield _wide("entry points", f"{declared['ran']} of {declared['declared']} ran")
    yield _wide(
        "source", "scanned" if evidence["scanned"] else "not scanned: ssot-probe scan finds importers"
    )
    source = f"{clean(policy['source'])}, " if policy["source"] else ""
    yield _wide("policy", f"{source}{clean(policy['found_by'])}")
    if policy["recorded"] > 1:
        yield _wide("", f"{policy['recorded']} different policies were in force while recording")
    void = evidence["void"]
    yield _wide("void", f"{number(len(void), 'cause')}" if void else "nothing")
    for doubt in void[:MOST_LINES]:
        who = f"{clean(doubt['process'])}: " if doubt["process"] else ""
        yield _wide("", f"{who}{clean(doubt['cause'])}")
    if len(void) > MOST_LINES:
        yield _wide("", f"and {number(len(void) - MOST_LINES, 'more cause')}")


def _days(evidence: View) -> str:
    since = f", since {evidence['since']}" if evidence["since"] else ""
    if not evidence["days"]:
        return f"none with valid evidence{since} ({evidence['min_days']} are asked for)"
    span = f"{evidence['first_day']} to {evidence['last_day']}"
    return f"{evidence['days']} with valid evidence, {span}{since} ({evidence['min_days']} are asked for)"


def _environments(environments: View) -> str:
    recorded = listing([clean(name) or "none given" for name in environments["recorded"]])
    if not environments["counted"]:
        return f"{recorded}; the policy does not say whose evidence counts"
    return f"{recorded}; {listing([clean(name) for name in environments['counted']])} counts"


def _entry(name: str, text: str) -> Line:
    return [Segment(f"  {name:<{WIDEST_NAME}}", "faint"), Segment(text)]


def _wide(name: str, text: str) -> Line:
    return [Segment(f"{name:<13}", "faint"), Segment(text)]
