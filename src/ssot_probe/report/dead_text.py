"""The verdicts about paths as lines of text: each with its reason first, the evidence of all at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ssot_probe.analysis.retirement.sentences import MOST_NAMED
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

_AXES = {
    "role": "roles",
    "days": "window",
    "cycle": "window",
    "entry-point": "exercise",
    "importer": "exercise",
    "unseen": "code",
    "trace": "code",
    "scan": "source",
}
"""The side of the evidence that each kind of missing thing is on."""

_BEGINS = {"ran": "{} ran", "entry point": "{} is an entry point", "script": "{} can be started"}


def lines_of(view: View) -> Iterator[Line]:
    """Yield the lines of the verdicts."""
    for row in view["paths"]:
        yield from _verdict(row)
        yield []
    for unplaced in view["unplaced"]:
        place = f"{clean(unplaced['file'])}:{unplaced['line']}"
        yield [
            Segment(f"{'NO-EVIDENCE':<20}", "alarm"),
            Segment(
                f"{place} deletes {clean(unplaced['name'])}, and the diff does not show where it stands: "
            ),
            Segment("stands: make it by `git diff --function-context`"),
        ]
        yield []
    yield from _totals(view)
    yield from _evidence(view)


def why_lines(view: View) -> Iterator[Line]:
    """Yield what keeps each path alive: the first and the last witness, else what source says of it."""
    for row in view["paths"]:
        yield _heading(row)
        yield [Segment(f"  {clean(row['sentence'])}")]
        yield from _ends(row["witnesses"])
        if row["verdict"] != "LIVE":
            yield from _chain(row["chain"], view["evidence"]["scanned"])
            if row["chain"] is None:
                yield from _importers(row["static_importers"])
        yield []


def _chain(chain: View | None, is_scanned: bool) -> Iterator[Line]:
    if not is_scanned:
        yield _entry("imports", "unknown: the source was not scanned")
    elif chain is None:
        yield _entry("imports", "nothing that ran leads to it, no entry point and no script")
    else:
        begins = _BEGINS[chain["begins"]].format(clean(chain["links"][0]["importer"]))
        yield _entry("imports", f"{begins}, and leads to it:")
        for link in chain["links"]:
            when = "" if link["at_load"] else ", not at the top of its module"
            place = f"{clean(link['file'])}:{link['line']}"
            yield [
                Segment(" " * (WIDEST_NAME + 3)),
                Segment(f"{place}  ", "place"),
                Segment(f"{clean(link['importer'])} imports {clean(link['imported'])}{when}"),
            ]


def _heading(row: View) -> Line:
    concept = f"  [{clean(row['concept'])}]" if row["concept"] else ""
    moved = f"  moved to {clean(row['moved_to'])}" if row.get("moved_to") else ""
    return [
        Segment(f"{row['verdict']:<20}", _ROLES.get(row["verdict"], "note")),
        Segment(f"{row['grade']}  "),
        Segment(clean(row["path"]), "heading"),
        Segment(f"{concept}{moved}", "faint"),
    ]


def _verdict(row: View) -> Iterator[Line]:
    yield _heading(row)
    yield [Segment(f"  {clean(row['sentence'])}")]
    if row["verdict"] == "NO-EVIDENCE":
        return
    if row["verdict"] == "LIVE":
        yield from _ends(row["witnesses"])
        if row["origins"] != ["application"]:
            yield _entry("origins", listing([clean(origin) for origin in row["origins"]]))
        return
    yield _entry("uses", _uses(row))
    yield from _all_of(row["witnesses"])
    yield from _missing(row["missing_details"])
    are_told = any(missing["kind"] == "importer" for missing in row["missing_details"])
    ran = [importer for importer in row["static_importers"] if importer["executed"] or not are_told]
    yield from _importers(ran)
    yield from _mentions(row)
    if row["verdict"] == "VOID":
        yield from _void(row["void"])
    if row["superseded"]:
        yield _entry("superseded", f"{number(row['superseded'], 'use')} by an older version of its callers")
    if row["before_window"]:
        yield _entry("before", f"{number(row['before_window'], 'use')} before the day that was asked for")
    is_settled = row["verdict"] not in ("INSUFFICIENT", "VOID")
    kinds = {missing["kind"] for missing in row["missing_details"]} - ({"scan"} if is_settled else set())
    told = {"verdict", *(_AXES[kind] for kind in kinds)}
    for axis in row["axes"]:
        if axis["grade"] != "A" and axis["name"] not in told:
            yield _entry(f"grade {axis['grade']}", clean(f"{axis['name']}: {axis['reason']}"))


def _mentions(row: View) -> Iterator[Line]:
    """Yield where the path is named, without the imports that bind its name and are told as such."""
    importers = {(importer["file"], importer["line"]) for importer in row["static_importers"]}
    mentions = [one for one in row["mentions"] if (one["file"], one["line"]) not in importers]
    for one in mentions[:MOST_LINES]:
        place = f"{clean(one['file'])}:{one['line']}" if one["line"] else clean(one["file"])
        yield _entry("named", f"{place}  {one['kind']} {clean(one['what'])}")
    if len(mentions) > MOST_LINES:
        yield _entry("", f"and {number(len(mentions) - MOST_LINES, 'more place')}")


def _ends(witnesses: Sequence[View]) -> Iterator[Line]:
    """Yield the first and the last witness, once where they are the same."""
    named = zip(("first", "last"), _outer(witnesses), strict=False)
    told = [_witness(name, witness) for name, witness in named]
    yield from told[:1] if len(told) > 1 and told[0][1:] == told[1][1:] else told


def _outer(witnesses: Sequence[View]) -> Sequence[View]:
    return witnesses if len(witnesses) < 2 else [witnesses[0], witnesses[-1]]


def _all_of(witnesses: Sequence[View]) -> Iterator[Line]:
    told: list[Line] = []
    for position, witness in enumerate(witnesses):
        is_last = position and position == len(witnesses) - 1
        line = _witness("last" if is_last else "first" if not position else "", witness)
        if not told or told[-1][1:] != line[1:]:
            told.append(line)
    yield from told


def _missing(missing: Sequence[View]) -> Iterator[Line]:
    """Yield what is missing, unless the sentence has named all of it, and no day can be told."""
    if len(missing) <= MOST_NAMED and not any(one["earliest"] for one in missing):
        return
    for one in missing[:MOST_LINES]:
        when = f" (earliest {one['earliest']})" if one["earliest"] else ""
        yield _entry("missing", f"{clean(one['what'])}{when}")
    if len(missing) > MOST_LINES:
        yield _entry("", f"and {number(len(missing) - MOST_LINES, 'more thing')}")


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
    yield [Segment(f"{number(len(view['paths']), 'path')}: {told or 'nothing to judge'}.", "heading")]
    yield []


def _evidence(view: View) -> Iterator[Line]:
    evidence, policy = view["evidence"], view["policy"]
    counted = "all of them count" if evidence["counted"] == evidence["processes"] else ""
    counted = counted or f"{evidence['counted']} of them count"
    hours = f"{evidence['process_hours'] or 'less than 0.1'} process-hours"
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
    code = evidence["code"]
    if evidence["scanned"] and code["used"]:
        told = f"{code['unmatched']} of {number(code['used'], 'used piece')} of code"
        yield _wide("code", f"{told} {'is' if code['unmatched'] == 1 else 'are'} not in the scanned source")
        for key in code["keys"][:MOST_LINES]:
            yield _wide("", clean(key))
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
    first, last = evidence["first_day"], evidence["last_day"]
    span = first if first == last else f"{first} to {last}"
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
