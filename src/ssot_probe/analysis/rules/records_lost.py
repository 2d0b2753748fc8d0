"""SSOT902: the queue, the disk or the exporter lost records."""

from __future__ import annotations

from collections.abc import Iterator

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.evidence import by_reason
from ssot_probe.analysis.places import capped
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import number
from ssot_probe.model.finding import Evidence, Finding, Severity

RULE = Rule(
    code="SSOT902",
    name="records-lost",
    severity=Severity.WARNING,
    claim="Records were lost between the probe and this report, so what is missing here may have happened.",
    proof="The probe's own counters of what it dropped, the number of records that it says it wrote "
    "against those that arrived, and lines that were torn.",
    silent="Records that repeat a fact that was already told: the probe counts these, it does not drop them.",
    fix="`queue_full`: the service made more records than the probe could write, lower the load or watch "
    "fewer classes. A torn line or missing records: the process was killed, or a Collector or a disk "
    "refused them.",
)


def check(case: Case) -> Iterator[Finding]:
    """Report losses, one finding for each reason."""
    for reason, count in by_reason(case.worth.losses):
        losses = [loss for loss in case.worth.losses if loss.reason == reason]
        yield RULE.finding(
            reason,
            f"{number(count, 'record')} lost: {reason}. Silence of the recording proves less than it seems.",
            capped([Evidence(f"{number(loss.count, 'record')}, {loss.where}") for loss in losses]),
            count=count,
        )
    for reason, count in by_reason(case.worth.undelivered):
        losses = [loss for loss in case.worth.undelivered if loss.reason == reason]
        yield RULE.finding(
            reason,
            f"{number(count, 'record')} did not reach the Collector: {reason}. This recording has them all.",
            capped([Evidence(f"{number(loss.count, 'record')}, {loss.where}") for loss in losses]),
            count=count,
        )
