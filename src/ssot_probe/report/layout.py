"""The text report as lines of styled segments, the same for a terminal and for a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ssot_probe.analysis.wording import listing, number, times
from ssot_probe.model.names import last_part
from ssot_probe.report import tables
from ssot_probe.report.sanitize import clean
from ssot_probe.report.segments import Line, Segment
from ssot_probe.report.view import View

SEVERITIES = ("error", "warning", "note")
WIDEST_PLACE = 48
"""Places up to this width stand in a column; what is longer pushes the rest of its line."""


def lines_of(view: View) -> Iterator[Line]:
    """Yield the lines of the report."""
    yield from alarm(view["evidence"])
    yield from header(view)
    findings = view["findings"]
    for severity in SEVERITIES:
        group = [f for f in findings if f["severity"] == severity and f["status"] != "waived"]
        yield from _group(f"{severity.upper()}S", severity, group, is_one_process(view))
    waived = [f for f in findings if f["status"] == "waived"]
    yield from _group("WAIVED", "faint", waived, is_one_process(view))
    yield from tables.lines_of(view)
    yield from totals(view)


def alarm(evidence: View) -> Iterator[Line]:
    """Yield what must be read first: why nothing, or not everything, may be concluded."""
    if evidence["void"]:
        yield [Segment(f"NO EVIDENCE: {clean(evidence['void'])}", "alarm")]
        yield [Segment("Nothing may be concluded from what this report does not show.")]
        yield []
    elif not evidence["complete"]:
        reasons = [f"{clean(reason)} {count}" for reason, count in evidence["dropped_by_reason"].items()]
        parts = []
        if evidence["dropped"]:
            parts.append(f"{number(evidence['dropped'], 'record')} lost ({', '.join(reasons)})")
        if evidence["unclosed"]:
            parts.append(
                f"{number(len(evidence['unclosed']), 'process')} not closed, counts are lower bounds"
            )
        if evidence["late"]:
            parts.append(f"{number(len(evidence['late']), 'module')} loaded unseen by the probe")
        yield [Segment(f"EVIDENCE INCOMPLETE: {'; '.join(parts)}", "alarm")]
        yield [Segment("What this report does not show may have happened all the same.")]
        yield []
    users = evidence["users"]
    if users["unknown"] and users["sources"] and not evidence["void"]:
        calls = number(users["calls"], "call")
        yield [Segment(f"NO USER KNOWN: {calls} recorded, none of them with a known user", "alarm")]
        yield [Segment("Nothing may be concluded from this report about what users share.")]
        yield []


def header(view: View) -> Iterator[Line]:
    """Yield what was recorded, when, and by which policy it is judged."""
    evidence, policy = view["evidence"], view["policy"]
    services = (
        f" of {listing([clean(name) for name in evidence['services']])}" if evidence["services"] else ""
    )
    counts = [
        number(evidence["processes"], "process") + services,
        number(evidence["modules"], "module"),
        number(evidence["records"], "record"),
    ]
    yield _entry("evidence", ", ".join(counts))
    if evidence["first_seen"]:
        first, last = (evidence[key].replace("T", " ") for key in ("first_seen", "last_seen"))
        same_day = last.removeprefix(first[: first.index(" ") + 1])
        yield _entry("time", first if first == last else f"{first} to {same_day}")
    if view["inventory"] is not None:
        yield _entry("source", _joined(view["inventory"]))
        for unreadable in view["inventory"]["unreadable"]:
            yield _entry("unreadable", f"{clean(unreadable['file'])}: {clean(unreadable['why'])}")
    source = f"{clean(policy['source'])}, " if policy["source"] else ""
    yield _entry("policy", f"{source}{clean(policy['found_by'])}")
    for concept in view["concepts"]:
        yield _entry("concept", _coverage(concept))
    if evidence["looks"]["users"] > 1:
        yield _entry("references", _looks(evidence["looks"]))
    for pool in view["pools"]:
        yield _entry("pool", _pool_use(pool))
    if evidence["unclosed"]:
        names = listing([clean(name) for name in evidence["unclosed"]])
        yield _entry("not closed", f"{names}: recorded until it ended without notice, or still running")
    for skipped in evidence["skipped"]:
        where = f"{clean(skipped['file'])}:{skipped['line']}"
        more = f" and {number(skipped['count'] - 1, 'more line')}" if skipped["count"] > 1 else ""
        yield _entry("skipped", f"{where}{more}, not of the probe: {clean(skipped['what'])}")
    yield []


def _joined(inventory: View) -> str:
    """Return how much of the source was loaded, and how much of what it declares was executed."""
    states = inventory["imports"]
    known = sum(states[state] for state in ("executed", "failed", "not executed"))
    told = [
        f"{inventory['loaded']} of {number(inventory['files'], 'scanned file')} loaded",
        f"{states['executed']} of {number(known, 'import')} in them executed",
    ]
    if states["not observed"]:
        told.append(f"{states['not observed']} not observed")
    if inventory["unmatched"]:
        count = number(len(inventory["unmatched"]), "thing")
        told.append(f"{count} ran undeclared, {inventory['unexplained'] or 'none'} of them unexplained")
    return ", ".join(told)


def _pool_use(pool: View) -> str:
    """Return how often a pool's resources changed hands: where they did not, nobody could get another's."""
    said = [
        f"{clean(pool['pool'])}: {clean(last_part(pool['cls']))} handed out {times(pool['count'])}",
        f"{pool['handovers'] or 'none'} of them to another user than before",
    ]
    if pool["unattributed"]:
        said.append(f"{pool['unattributed']} to nobody known")
    return ", ".join(said)


def _coverage(concept: View) -> str:
    """Return what was seen of a concept, as nothing can be found in what did not happen."""
    inferred = "" if concept["declared"] else " (inferred)"
    constructed = concept["constructed"]
    instances = f"{number(constructed, 'instance')} constructed" if constructed else "no construction seen"
    users = f"{'at least ' if concept['is_at_least'] else ''}{number(concept['users'], 'user')}"
    counts = f"{number(concept['classes'], 'class')}, {instances}, {users}"
    is_tested = concept["users"] > 1 or concept["isolation"] == "process"
    untested = "" if is_tested else ": too few users to show that they are kept apart"
    return f"{clean(concept['concept'])}{inferred}: {counts}{untested}"


def _looks(looks: View) -> str:
    """Return how much of what users may share by reference was looked at: what was not proves nothing."""
    if not looks["count"]:
        return f"never looked at: what {number(looks['users'], 'user')} share through them is not known"
    gone = " (the others' were gone before)" if looks["users_seen"] < looks["users"] else ""
    told = [
        f"{number(looks['count'], 'look')} at {number(looks['objects'], 'object')}, "
        f"from instances of {looks['users_seen']} of {number(looks['users'], 'user')}{gone}",
        f"longest pause {looks['longest_pause'] / 1e6:.1f} ms",
    ]
    once = sum(shared["verdict"] == "seen-once" for shared in looks["shared"])
    if looks["shared"]:
        unsettled = f", {once} of them seen only once" if once else ""
        told.append(f"{number(len(looks['shared']), 'shared object')} with nothing wrong{unsettled}")
    if looks["stopped"]:
        told.append(f"some ended early: {listing([clean(reason) for reason in looks['stopped']])}")
    return "; ".join(told)


def _entry(name: str, text: str) -> Line:
    return [Segment(f"{name:<12}", "faint"), Segment(text)]


def is_one_process(view: View) -> bool:
    """Is everything that the report shows from one process, so that threads of one name are one thread?"""
    return bool(view["evidence"]["processes"] == 1)


def _group(heading: str, role: str, findings: Sequence[View], in_one_process: bool) -> Iterator[Line]:
    if not findings:
        return
    yield [Segment(f"{heading} ({len(findings)})", role)]
    yield []
    for finding in findings:
        yield from _finding(finding, role, in_one_process)
        yield []


def _finding(finding: View, role: str, in_one_process: bool) -> Iterator[Line]:
    concept = f" [{clean(finding['concept'])}]" if finding["concept"] else ""
    yield [
        Segment(finding["code"], role),
        Segment(f" {finding['rule']}{concept} ", "faint"),
        Segment(clean(finding["subject"]), "heading"),
    ]
    yield [Segment(f"  {clean(finding['message'])}")]
    if finding["waiver"]:
        yield [Segment(f"  waived: {clean(finding['waiver'])}")]
    places = [place(line) for line in finding["evidence"]]
    width = max((len(found) for found in places if len(found) <= WIDEST_PLACE), default=0)
    before: Mapping[str, Any] = {}
    for found, line in zip(places, finding["evidence"], strict=True):
        who = actor(line, before)
        column = [Segment(f"    {found:<{width}}  ", "place")] if found else [Segment("    ")]
        yield [*column, Segment(clean(line["what"])), *([Segment(f"  [{who}]", "faint")] if who else [])]
        before = line if in_one_process and (line["thread"] or line["task"]) else before


def place(line: Mapping[str, Any]) -> str:
    """Return the place of an observation as `file:line`, "" where it has none."""
    file = clean(line["file"])
    return f"{file}:{line['line']}" if file and line["line"] else file


def actor(line: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """Return who it was, with a thread and a task that are those of the line before told in short.

    Names that several threads or tasks of a process may have, such as "named thread", say nothing of that.
    """
    parts = [f"user {clean(line['user'])}"] if line["user"] else []
    repeated = [
        field
        for field in ("thread", "task")
        if line[field] and line[field] == before.get(field) and _means_one(line[field])
    ]
    parts += [
        f"{field} {clean(line[field])}"
        for field in ("thread", "task")
        if line[field] and field not in repeated
    ]
    return ", ".join([*parts, *([f"same {' and '.join(repeated)}"] if repeated else [])])


def _means_one(name: str) -> bool:
    return name == "MainThread" or any(character.isdigit() for character in name)


def totals(view: View) -> Iterator[Line]:
    """Yield how many findings there are, and how to go on."""
    findings = view["findings"]
    counts = Counter("waived" if f["status"] == "waived" else f["severity"] for f in findings)
    if not findings:
        is_sound = view["evidence"]["complete"]
        yield [
            Segment(
                "No findings." if is_sound else "No findings, on the evidence that the first lines describe."
            )
        ]
        return
    told = [number(counts[severity], severity) for severity in SEVERITIES]
    waived = f", {counts['waived']} waived" if counts["waived"] else ""
    yield [Segment(f"{', '.join(told)}{waived}.", "heading")]
    first = next((f for f in findings if f["status"] != "waived"), findings[0])
    yield [Segment(f"What a finding means and how to mend it: ssot-probe explain {first['code']}")]
