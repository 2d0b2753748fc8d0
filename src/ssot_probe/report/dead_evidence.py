"""What verdicts about paths rest on, as lines of text: processes, days, roles, source, and what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ssot_probe.analysis.wording import listing, number
from ssot_probe.report.sanitize import clean
from ssot_probe.report.segments import Line, Segment
from ssot_probe.report.view import View

MOST_LINES = 8
"""Bound on the lines of one kind."""


def totals(view: View) -> Iterator[Line]:
    """Yield how many paths have which verdict."""
    counts = Counter(row["verdict"] for row in view["paths"])
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    yield [Segment(f"{number(len(view['paths']), 'path')}: {told or 'nothing to judge'}.", "heading")]
    yield []


def evidence_lines(view: View) -> Iterator[Line]:
    """Yield what all verdicts rest on, and what makes silence worthless."""
    evidence, policy = view["evidence"], view["policy"]
    hours = f"{evidence['process_hours'] or 'less than 0.1'} process-hours"
    processes = number(evidence["processes"], "process")
    yield _wide("evidence", f"{processes}, {_counted(evidence['counted'], evidence['processes'])}, {hours}")
    if evidence["tests"]:
        yield _wide("tests", f"{number(evidence['tests'], 'process')} ran tests, which proves no silence")
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
        yield _wide("code", _code(code))
        for key in code["keys"][:MOST_LINES]:
            yield _wide("", clean(key))
    if evidence["fleet"] is not None:
        yield _wide("fleet", _fleet(evidence["fleet"]))
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
    for remedy in evidence["to_do"]:
        yield _wide("to do", remedy)


def _fleet(fleet: View) -> str:
    asked = (fleet["asked_at"] or "").replace("T", " ")
    knows = f", which knows {number(fleet['processes'], 'process')}" if fleet["processes"] else ""
    return f"{clean(fleet['source'])}{knows}, asked {asked}"


def _counted(counted: int, processes: int) -> str:
    if processes == 1:
        return "which counts" if counted else "which does not count"
    if counted == processes:
        return "all of which count"
    return f"{counted or 'none'} of which {'counts' if counted == 1 else 'count'}"


def _code(code: View) -> str:
    used = f"{number(code['used'], 'used piece')} of code"
    if not code["unmatched"]:
        which = "the one used piece of code is" if code["used"] == 1 else f"all {used} are"
        return f"{which} in the scanned source"
    return f"{code['unmatched']} of {used} {_are(code['unmatched'])} not in the scanned source"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


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
    counted = listing([clean(name) for name in environments["counted"]])
    return f"{recorded}; {counted} {'counts' if len(environments['counted']) == 1 else 'count'}"


def _wide(name: str, text: str) -> Line:
    return [Segment(f"{name:<13}", "faint"), Segment(text)]
