"""SSOT901: watched modules were loaded before the probe, or past it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.late import Late
from ssot_probe.analysis.places import capped
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number
from ssot_probe.model.finding import Evidence, Finding, Severity

RULE = Rule(
    code="SSOT901",
    name="late-arming",
    severity=Severity.WARNING,
    claim="Modules that a concept watches were loaded before the probe, or by a finder in front of it; what "
    "they did until the probe came to them is unknown.",
    proof="The modules were there when the probe started in the process, or later, though it had not been "
    "asked for them.",
    silent="Modules that define no class and no factory of a declared concept and are not legacy. Where no "
    "concept is declared, all of them are reported, per package.",
    fix="Switch the probe on by the environment variable, so that it starts before the service's own code; "
    "or make `import ssot_probe.auto` the very first import.",
)


def check(case: Case) -> Iterator[Finding]:
    """Report late modules, one by one where a concept watches them, else per package."""
    watched: dict[tuple[str, str], list[Late]] = defaultdict(list)
    for late in case.worth.late:
        watched[(late.module, late.concept) if late.concept else (late.module.partition(".")[0], "")].append(
            late
        )
    concepts = {members.concept.name: members.concept for members in case.concepts}
    for (subject, concept), found in sorted(watched.items()):
        processes = {process for late in found for process in late.processes}
        where = f"unseen by the probe in {number(len(processes), 'process')}"
        if concept:
            message = (
                f"Loaded {where}, and watched because {found[0].why}: what it did until then is unknown."
            )
        else:
            message = f"{number(len(found), 'module')} loaded {where}: what they did until then is unknown."
        yield RULE.finding(
            subject, message, capped(_lines(found)), concept=concepts.get(concept), count=len(processes)
        )


def _lines(found: Sequence[Late]) -> list[Evidence]:
    return [Evidence(f"{late.module} was there before the probe saw it", late.file, 1) for late in found]
