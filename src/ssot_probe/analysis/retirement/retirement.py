"""Judges paths: may they be deleted? The verdicts, with the evidence that they have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timezone

from ssot_probe.analysis.join import Join
from ssot_probe.analysis.prometheus.fleet_counts import FleetCounts
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.court import Court
from ssot_probe.analysis.retirement.rows import Retirement, Row
from ssot_probe.analysis.retirement.verdicts import DEAD
from ssot_probe.analysis.retirement.window import window_of
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import ProcessRecord


def retire(
    recording: Recording,
    policy: Policy,
    joined: Join | None,
    *,
    paths: Sequence[str] | None = None,
    since: date | None = None,
    today: date | None = None,
    is_one_change: bool = False,
    with_chains: bool = False,
    constants: Collection[str] = (),
    fleet: FleetCounts | None = None,
) -> Retirement:
    """Judge paths.

    Args:
        recording: what ran, and what its source declares where that was scanned.
        policy: whose silence counts, and for how long it must last.
        joined: the recording's join with its source, where that was scanned.
        paths: what to judge; by default everything that the policy declares legacy.
        since: what happened before this day does not count.
        today: from when on missing evidence can be had; by default it is today, in UTC.
        is_one_change: the paths are deleted together, so that none of them keeps another.
        with_chains: look for the declared imports that lead to what nobody used.
        constants: those of the paths that a change says to be constants.
        fleet: what a Prometheus counted over the whole fleet, where it was asked.
    """
    day = today or datetime.now(timezone.utc).date()
    court = Court(recording, policy, joined, since, day, constants, fleet)
    legacy = [entry for concept in policy.concepts for entry in concept.legacy]
    asked = tuple(dict.fromkeys(legacy if paths is None else paths))
    together = asked if is_one_change else ()
    rows = _rows(court, tuple(dict.fromkeys((*asked, *legacy))), together, with_chains=with_chains)
    judged = _retirement(court, recording, policy, [rows[path] for path in asked])
    return judged._replace(fleet=fleet)


def _rows(
    court: Court, paths: Iterable[str], together: Sequence[str], *, with_chains: bool
) -> Mapping[str, Row]:
    """Judge paths that go together, as far as they all go.

    What is left of the verdict that one of them is dead is judged again without those that stay: what these
    do with it is a need. Nothing comes back to be dead, so there is an end to it.
    """
    rows = {path: court.row(path, together, with_chain=with_chains) for path in paths}
    while True:
        staying = {path for path, row in rows.items() if row.verdict not in DEAD}
        again = {
            path: court.row(path, together, staying, with_chain=with_chains)
            for path, row in rows.items()
            if row.verdict in DEAD
        }
        changed = any(row.verdict not in DEAD for row in again.values())
        rows.update(again)
        if not changed:
            return rows


def _retirement(court: Court, recording: Recording, policy: Policy, rows: Iterable[Row]) -> Retirement:
    epochs = tuple(court.counted.values())
    dead = policy.dead
    return Retirement(
        rows=tuple(rows),
        window=window_of(epochs, dead, court.since),
        total=len(court.epochs),
        counted=len(epochs),
        tests=sum(epoch.is_test for epoch in court.epochs),
        doubts=(*court.doubts.of_everything, *(doubt for epoch in epochs for doubt in epoch.doubts)),
        environments=tuple(sorted({epoch.environment for epoch in court.epochs})),
        releases=tuple(sorted({epoch.release for epoch in epochs if epoch.release})),
        hosts=tuple(sorted({epoch.host for epoch in epochs if epoch.host})),
        entry_points=len(dead.entry_points),
        ran=len(dead.entry_points) - len(court.entry_points.unran),
        policies=len({record.policy for _, record in recording.of(ProcessRecord) if record.policy}),
        is_scanned=court.source.is_scanned,
        used=court.source.used,
        unmatched=court.source.unmatched,
        since=court.since,
        dead=dead,
    )
