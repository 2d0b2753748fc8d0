"""The verdicts about paths as lines of text: each with its reason first, the evidence of all at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ssot_probe.analysis.retirement.sentences import MOST_NAMED, users
from ssot_probe.analysis.wording import number, place, times
from ssot_probe.report.dead_evidence import MOST_LINES, evidence_lines, totals
from ssot_probe.report.sanitize import clean
from ssot_probe.report.segments import Line, Segment
from ssot_probe.report.view import View

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
    "fleet": "verdict",
}
"""The side of the evidence that each kind of missing thing is on."""

_BEGINS = {"ran": "{} ran", "entry point": "{} is an entry point", "script": "{} can be started"}


def lines_of(view: View) -> Iterator[Line]:
    """Yield the lines of the verdicts."""
    for row in view["paths"]:
        yield from _verdict(row)
        yield []
    for unplaced in view["unplaced"]:
        where = place(clean(unplaced["file"]), unplaced["line"])
        yield [
            Segment(f"{'NO-EVIDENCE':<20}", "alarm"),
            Segment(
                f"{where} deletes {clean(unplaced['name'])}, and the diff does not show what it stands in: "
            ),
            Segment("make it by `git diff --function-context`"),
        ]
        yield []
    yield from _not_judged(view["not_judged"])
    yield from totals(view)
    yield from evidence_lines(view)


def _not_judged(files: Sequence[str]) -> Iterator[Line]:
    """Yield the deleted files that no import leads to: templates, data, libraries in C."""
    if not files:
        return
    yield [Segment(f"Not judged: {number(len(files), 'deleted file')}, as no recording tells who reads one.")]
    for file in files[:MOST_LINES]:
        yield [Segment(f"  {clean(file)}", "place")]
    if len(files) > MOST_LINES:
        yield [Segment(f"  and {len(files) - MOST_LINES} more")]
    yield []


def why_lines(view: View) -> Iterator[Line]:
    """Yield what keeps each path alive: the first and the last witness, else what source says of it."""
    for row in view["paths"]:
        yield _heading(row)
        yield [Segment(f"  {clean(row['sentence'])}")]
        if row["fleet"] is not None:
            yield _entry("fleet", clean(_fleet(row["fleet"])))
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
            where = place(clean(link["file"]), link["line"])
            yield [
                Segment(" " * (WIDEST_NAME + 3)),
                Segment(f"{where}  ", "place"),
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
    if row["fleet"] is not None:
        yield _entry("fleet", clean(_fleet(row["fleet"])))
    if row["verdict"] == "NO-EVIDENCE":
        yield from _importers(row["static_importers"])
        yield from _mentions(row)
        return
    if row["verdict"] == "LIVE":
        yield from _ends(row["witnesses"])
        others = [clean(origin) for origin in row["origins"] if origin != "application"]
        if others:
            yield _entry("also by", users(others))
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


def _fleet(fleet: View) -> str:
    """Return what a Prometheus counted, and what its counts do not cover."""
    used = [f"{name} {count}" for name, count in fleet["uses"].items() if count]
    told = [", ".join(used) or "no use"] if fleet["known"] or used else []
    if fleet["processes"]:
        left = f" ({fleet['unrecorded']} left no recording here)" if fleet["unrecorded"] else ""
        told.append(f"{number(fleet['processes'], 'process')} that count watched it{left}")
    return "; ".join([*told, *fleet["gaps"]])


def _mentions(row: View) -> Iterator[Line]:
    """Yield where the path is named, without the imports that bind its name and are told as such."""
    importers = {(importer["file"], importer["line"]) for importer in row["static_importers"]}
    mentions = [one for one in row["mentions"] if (one["file"], one["line"]) not in importers]
    for one in mentions[:MOST_LINES]:
        where = place(clean(one["file"]), one["line"])
        yield _entry("named", f"{where}  {one['kind']} {clean(one['what'])}")
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
    """Yield what is missing, unless the sentence has named all of it, with the day."""
    if len(missing) <= MOST_NAMED and len({one["earliest"] for one in missing}) <= 1:
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
    return ", ".join(told) + (f" (with those by {users(origins)})" if origins else "")


def _witness(name: str, witness: View) -> Line:
    file = clean(witness["file"])
    where = f"{place(file, witness['line'] or 0)}  " if file else ""
    parts = [
        "for a user" if witness["by_user"] else "",
        witness["origin"] if witness["origin"] != "application" else "",
        f"thread {witness['thread']}" if witness["thread"] else "",
        witness["process"],
    ]
    is_told = witness["count"] > 1 or witness["at_least"]
    count = f", {times(witness['count'], witness['at_least'])}" if is_told else ""
    return [
        Segment(f"  {name:<{WIDEST_NAME}}", "faint"),
        Segment(where, "place"),
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


def _entry(name: str, text: str) -> Line:
    return [Segment(f"  {name:<{WIDEST_NAME}}", "faint"), Segment(text)]
