"""The view model: everything that a report shows, as plain values that JSON can hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ssot_probe.analysis.attribution import Attribution
from ssot_probe.analysis.chosen_policy import ChosenPolicy
from ssot_probe.analysis.evidence import Worth, by_reason
from ssot_probe.analysis.join import STATES, Join
from ssot_probe.analysis.judge import Judgement
from ssot_probe.analysis.looks import Looks
from ssot_probe.analysis.migration import Progress
from ssot_probe.analysis.path_table import PathRow
from ssot_probe.analysis.undeclared import UNEXPLAINED
from ssot_probe.analysis.wording import moment
from ssot_probe.model.finding import Finding

SCHEMA = "ssot-probe/report/1"

View = dict[str, Any]


def view_of(
    judgement: Judgement, chosen: ChosenPolicy, generated_at: datetime, problems: Sequence[str] = ()
) -> View:
    """Return the view of a judgement; its shape is public, see `report --format json`.

    Args:
        judgement: what was found.
        chosen: the policy.
        generated_at: now.
        problems: why there is nothing to judge.
    """
    return {
        "schema": SCHEMA,
        "generated_at": generated_at.isoformat(timespec="seconds"),
        "problems": list(problems),
        "evidence": {**_evidence(judgement.evidence), "looks": _looks(judgement.looks)},
        "policy": {"source": chosen.source, "found_by": chosen.found_by},
        "concepts": [concept._asdict() for concept in judgement.concepts],
        "pools": [use._asdict() for use in judgement.pools],
        "findings": [_finding(finding) for finding in judgement.findings],
        "paths": [_path(row) for row in judgement.paths],
        "migration": [_progress(progress) for progress in judgement.migration],
        "inventory": _inventory(judgement.joined) if judgement.joined is not None else None,
    }


def _evidence(worth: Worth) -> View:
    return {
        "processes": worth.processes,
        "services": list(worth.services),
        "modules": worth.modules,
        "records": worth.records,
        "first_seen": moment(worth.first).replace(" ", "T") if worth.last else None,
        "last_seen": moment(worth.last).replace(" ", "T") if worth.last else None,
        "dropped": worth.dropped,
        "dropped_by_reason": dict(by_reason(worth.losses)),
        "losses": [loss._asdict() for loss in worth.losses],
        "undelivered": [loss._asdict() for loss in worth.undelivered],
        "blind": [blind._asdict() for blind in worth.blind],
        "late": sorted({late.module for late in worth.late}),
        "unclosed": list(worth.unclosed),
        "skipped": [skipped._asdict() for skipped in worth.skipped],
        "users": _users(worth.attribution),
        "void": worth.void,
        "complete": worth.is_complete,
    }


def _looks(looks: Looks) -> View:
    return {**looks._asdict(), "stopped": list(looks.stopped), "shared": [s._asdict() for s in looks.shared]}


def _users(attribution: Attribution) -> View:
    return {
        "calls": attribution.calls,
        "attributed": attribution.attributed,
        "unknown": attribution.is_missing,
        "sources": [{"source": source, "state": state} for source, state in attribution.sources],
    }


def _finding(finding: Finding) -> View:
    return {
        "code": finding.code,
        "rule": finding.rule,
        "severity": finding.severity.label,
        "concept": finding.concept,
        "subject": finding.subject,
        "message": finding.message,
        "count": finding.count,
        "users": finding.users,
        "fingerprint": finding.fingerprint,
        "status": finding.status,
        "waiver": finding.waiver,
        "evidence": [line._asdict() for line in finding.evidence],
    }


def _path(row: PathRow) -> View:
    return {
        "path": row.path,
        "class": row.cls,
        "kind": row.kind,
        "imports": row.imports,
        "legacy": row.legacy,
        "canonical": row.canonical,
        "concept": row.concept,
        "places": [place._asdict() for place in row.places],
    }


def _progress(progress: Progress) -> View:
    return {**progress._asdict(), "importers": [importer._asdict() for importer in progress.importers]}


def _inventory(joined: Join) -> View:
    states = Counter(declared.state for declared in joined.imports)
    return {
        "files": joined.files,
        "loaded": len(joined.loaded_files),
        "unreadable": [{"file": file, "why": why} for file, why in joined.unreadable],
        "imports": {state: states[state] for state in STATES},
        "unmatched": [unmatched._asdict() for unmatched in joined.unmatched],
        "unexplained": sum(unmatched.why == UNEXPLAINED for unmatched in joined.unmatched),
    }
