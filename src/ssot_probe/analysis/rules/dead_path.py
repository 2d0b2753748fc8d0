"""SSOT601: a legacy path of which no use by the application was seen, with what that silence is worth."""

from __future__ import annotations

from collections.abc import Iterator

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.places import capped
from ssot_probe.analysis.retirement.days import span_of
from ssot_probe.analysis.retirement.rows import Retirement, Row
from ssot_probe.analysis.retirement.verdicts import LIVE, NO_EVIDENCE
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, number
from ssot_probe.model.finding import Evidence, Finding, Severity

RULE = Rule(
    code="SSOT601",
    name="dead-path",
    severity=Severity.NOTE,
    claim="A path that the policy declares legacy was watched, and the application was not seen to use it. "
    "The message says whether that is enough to delete it: the verdict, its grade, what the silence proves.",
    proof="Processes that say that they watched the path and saw nothing, the days and roles that they "
    "cover, and what is missing: days, roles, cycles, entry points, importers that did not run, records "
    "that were lost. The grade is the worst of all sides; only A says that it is safe to delete.",
    silent="Paths that are used, which is SSOT108, and paths that no process watched whose evidence counts. "
    "What nothing tells of: a process that no list, parent or record names, and uses that leave no trace.",
    fix="Get what is missing: record for longer, in every role, until the entry points have run; where the "
    "verdict is VOID, mend what it names and record again. When the message says `safe to delete`, delete "
    "the path with its imports. `ssot-probe dead` shows the same for every path, with all of its evidence.",
    example='[dead]\nenvironments = ["production"]\nroles = ["web", "worker"]\nmin_days = 30\n'
    'cycles = ["month"]',
)


def check(case: Case) -> Iterator[Finding]:
    """Report each legacy path that was not seen in use."""
    if case.retirement is None:
        return
    concepts = {members.concept.name: members.concept for members in case.concepts}
    for row in case.retirement.rows:
        if row.verdict not in (LIVE, NO_EVIDENCE):
            yield RULE.finding(
                row.path,
                f"{row.verdict}, grade {row.grade}. {row.sentence}",
                capped([*_missing(row), *_evidence(row, case.retirement)]),
                concept=concepts.get(row.concept),
            )


def _missing(row: Row) -> Iterator[Evidence]:
    for importer in row.importers:
        if importer.is_pending:
            yield Evidence(f"{importer.what} ({importer.state})", importer.file, importer.line)
    for missing in row.missing:
        if missing.kind != "importer":
            yield Evidence(f"missing: {missing}")
    causes = dict.fromkeys((doubt.process, doubt.cause) for doubt in row.doubts)
    for process, cause in causes:
        yield Evidence(f"void: {process}: {cause}" if process else f"void: {cause}")


def _evidence(row: Row, retirement: Retirement) -> Iterator[Evidence]:
    days = span_of(row.window.days) if row.window.days else "without a day of valid evidence"
    yield Evidence(f"watched in {number(len(row.window.epochs), 'process')}, {days}")
    roles = [
        f"{role or 'without a role'} {number(len(days), 'day')}"
        for role, days in sorted(row.window.days_of_role.items())
    ]
    if roles:
        yield Evidence(f"by role: {listing(roles, 8)}")
    for axis in row.axes:
        if axis.grade != "A":
            yield Evidence(f"grade {axis.grade}, {axis.name}: {axis.reason}")
    if retirement.policies > 1:
        yield Evidence(f"{retirement.policies} different policies were in force while recording")
