"""The view of verdicts about paths, as plain values that JSON can hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ssot_probe.analysis.chosen_policy import ChosenPolicy
from ssot_probe.analysis.prometheus.fleet_counts import FleetCounts
from ssot_probe.analysis.retirement.chains import Chain
from ssot_probe.analysis.retirement.deleted_names import Deletions
from ssot_probe.analysis.retirement.epochs import Doubt
from ssot_probe.analysis.retirement.fleet import FleetWord
from ssot_probe.analysis.retirement.rows import Retirement, Row, Rung, Witness
from ssot_probe.analysis.retirement.use import Use
from ssot_probe.analysis.retirement.verdicts import NO_EVIDENCE
from ssot_probe.analysis.retirement.window import Window
from ssot_probe.analysis.wording import moment
from ssot_probe.model.path_records import RUNGS
from ssot_probe.report.view import View

SCHEMA = "ssot-probe/dead/1"


def dead_view(
    retirement: Retirement,
    chosen: ChosenPolicy,
    generated_at: datetime,
    deleted: Deletions | None = None,
    problems: Sequence[str] = (),
) -> View:
    """Return the view of verdicts; its shape is public, see `dead --format json`.

    Args:
        retirement: the verdicts.
        chosen: the policy.
        generated_at: now.
        deleted: the change that was asked about, if it was one.
        problems: why there is nothing to judge by.
    """
    moved = {name.path: name.moved_to for name in deleted.names} if deleted is not None else {}
    return {
        "schema": SCHEMA,
        "generated_at": generated_at.isoformat(timespec="seconds"),
        "problems": list(problems),
        "policy": {"source": chosen.source, "found_by": chosen.found_by, "recorded": retirement.policies},
        "evidence": _evidence(retirement),
        "paths": [{**_row(row), "moved_to": moved.get(row.path, "")} for row in retirement.rows],
        "unplaced": [name._asdict() for name in deleted.unplaced] if deleted is not None else [],
        "not_judged": list(deleted.others) if deleted is not None else [],
    }


def _evidence(retirement: Retirement) -> View:
    dead = retirement.dead
    doubts = _all_doubts(retirement)
    return {
        "processes": retirement.total,
        "counted": retirement.counted,
        "tests": retirement.tests,
        **_window(retirement.window),
        "roles": sorted(role for role, days in retirement.window.days_of_role.items() if days),
        "environments": {"counted": list(dead.environments), "recorded": list(retirement.environments)},
        "releases": list(retirement.releases),
        "hosts": list(retirement.hosts),
        "cycles": list(dead.cycles),
        "min_days": dead.min_days,
        "entry_points": {"declared": retirement.entry_points, "ran": retirement.ran},
        "scanned": retirement.is_scanned,
        "code": {
            "used": retirement.used,
            "unmatched": len(retirement.unmatched),
            "keys": [code.key for code in retirement.unmatched],
        },
        "since": str(retirement.since) if retirement.since else None,
        "void": [_doubt(doubt) for doubt in doubts],
        "fleet": _counts(retirement.fleet),
        "to_do": list(dict.fromkeys(doubt.remedy for doubt in doubts if doubt.remedy)),
    }


def _all_doubts(retirement: Retirement) -> Sequence[Doubt]:
    """Return what makes silence worthless, of all paths and of those whose verdict it has cost."""
    of_paths = (doubt for row in retirement.rows if row.verdict != NO_EVIDENCE for doubt in row.doubts)
    return tuple(dict.fromkeys((*retirement.doubts, *of_paths)))


def _row(row: Row) -> View:
    return {
        "path": row.path,
        "concept": row.concept,
        "kind": row.kind,
        "verdict": row.verdict,
        "grade": row.grade,
        "axes": [axis._asdict() for axis in row.axes],
        "sentence": row.sentence,
        "uses": {rung: row.rungs[rung].count for rung in RUNGS},
        "rungs": {name: _rung(rung) for name, rung in row.rungs.items()},
        "first_seen": _time(row.first),
        "last_seen": _time(row.last),
        "witnesses": [_witness(witness) for witness in row.witnesses],
        "origins": list(row.origins),
        "through": list(row.through),
        "static_importers": [
            {
                "file": importer.file,
                "line": importer.line,
                "executed": importer.is_executed,
                "what": importer.what,
                "state": importer.state,
            }
            for importer in row.importers
        ],
        "mentions": [mention._asdict() for mention in row.residue.mentions] if row.residue else [],
        "chain": _chain(row.chain),
        "missing": [str(missing) for missing in row.missing],
        "missing_details": [
            {
                "what": missing.what,
                "kind": missing.kind,
                "earliest": str(missing.earliest) if missing.earliest else None,
            }
            for missing in row.missing
        ],
        "window": _window(row.window),
        "bound_days": row.bound,
        "void": [_doubt(doubt) for doubt in row.doubts],
        "tries": [_try(use) for use in row.tries],
        "superseded": row.superseded,
        "before_window": row.before,
        "fleet": _fleet(row.fleet),
    }


def _counts(counts: FleetCounts | None) -> View | None:
    """Return what a Prometheus was asked, None where none was."""
    if counts is None:
        return None
    return {
        "source": counts.source,
        "asked_at": _time(counts.asked_at),
        "oldest": _time(counts.oldest),
        "processes": len(counts.processes),
    }


def _fleet(word: FleetWord | None) -> View | None:
    if word is None:
        return None
    return {
        "known": word.is_known,
        "uses": {rung or "any": count for rung, count in word.uses.items()},
        "processes": word.processes,
        "unrecorded": word.unrecorded,
        "beyond": [
            {"path": use.name, "rung": use.rung or "any", "count": use.count, "process": use.process.label}
            for use in word.beyond
        ],
        "gaps": list(word.gaps),
    }


def _chain(chain: Chain | None) -> View | None:
    if chain is None:
        return None
    return {"begins": chain.begins, "links": [link._asdict() for link in chain.links]}


def _window(window: Window) -> View:
    return {
        "days": len(window.days),
        "first_day": str(min(window.days)) if window.days else None,
        "last_day": str(max(window.days)) if window.days else None,
        "days_of_role": {role: len(days) for role, days in sorted(window.days_of_role.items())},
        "process_hours": round(window.hours, 1),
    }


def _rung(rung: Rung) -> View:
    return {
        "count": rung.count,
        "at_least": rung.is_at_least,
        "first": _time(rung.first),
        "last": _time(rung.last),
    }


def _witness(witness: Witness) -> View:
    told = witness._asdict()
    is_at_least = told.pop("is_at_least")
    return {**told, "line": witness.line or None, "time": _time(witness.time), "at_least": is_at_least}


def _try(use: Use) -> View:
    return {"file": use.site.file, "line": use.site.line or None, "what": use.what, "count": use.count}


def _doubt(doubt: Doubt) -> View:
    return {
        "cause": doubt.cause,
        "process": doubt.process,
        "first": _time(doubt.first),
        "last": _time(doubt.last),
    }


def _time(time: int) -> str | None:
    return moment(time).replace(" ", "T") if time else None
