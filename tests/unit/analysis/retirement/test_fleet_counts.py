"""Fleet-wide counts beside recordings: whatever they are, nothing is more dead by them than without them."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.analysis.build import Source
from unit.analysis.retirement.fleet import OLD, Worker, day, fleet, terms

from ssot_probe.analysis.join import join
from ssot_probe.analysis.prometheus.fleet_counts import FleetCounts, FleetProcess, UseCount, Watchers
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.days import start_of
from ssot_probe.analysis.retirement.retirement import retire
from ssot_probe.analysis.retirement.rows import Row
from ssot_probe.analysis.retirement.verdicts import DEAD, INSUFFICIENT
from ssot_probe.model.path_records import CALLED, CONSTRUCTED, LOADED, RESOLVED, RUNGS, WatchedPathRecord
from ssot_probe.policy_json import policy_to_json

THERE = FleetProcess("elsewhere", "chat", "production", "web")
HERE = THERE._replace(identity="p1")
NOW = start_of(day(41))


def counts(*uses: UseCount, imports: tuple[UseCount, ...] = (), path: str = OLD) -> FleetCounts:
    watchers = (Watchers(path, "chat", "production", 2),)
    return FleetCounts("a test", NOW, uses=uses, imports=imports, watchers=watchers)


def row(recording: Recording, fleet_counts: FleetCounts | None, path: str = OLD, *legacy: str) -> Row:
    policy = terms(*legacy)
    judged = retire(recording, policy, join(recording), paths=[path], today=day(40), fleet=fleet_counts)
    return judged.rows[0]


@cache
def recordings() -> dict[str, Recording]:
    """Return recordings by which the path has one verdict each."""
    source = Source(policy=policy_to_json(terms()))
    for module in ("chat.app", OLD):
        source.module(module)
    return {
        "NEVER-LOADED": fleet(Worker().stops(), source=source),
        "RESOLVED-NOT-LOADED": fleet(
            Worker().uses(rung=RESOLVED, subject=OLD).stops(),
            source=source,
        ),
        "LOADED-BUT-UNUSED": fleet(Worker().watches(OLD, "module").loads(OLD).stops(), source=source),
        "LIVE": fleet(Worker().uses().stops(), source=source),
        "LIVE-NON-APP": fleet(Worker().uses(origin="test").stops(), source=source),
        "INSUFFICIENT": fleet(Worker(days=2).stops(), source=source),
        "VOID": fleet(Worker()),
        "NO-EVIDENCE": fleet(Worker(watched=()).stops(), source=source),
    }


@pytest.mark.parametrize("verdict", recordings())
def test_each_recording_has_its_verdict_without_counts(verdict: str) -> None:
    assert row(recordings()[verdict], None).verdict == verdict


SERVICES = st.sampled_from(["", "chat", "billing"])
PROCESSES = st.builds(
    FleetProcess,
    st.sampled_from(["", "p1", "elsewhere", "another"]),
    SERVICES,
    st.sampled_from(["", "production", "dev"]),
)
NAMES = st.sampled_from([OLD, f"{OLD}.deep", f"{OLD}:serve", "chat.ws", "chat.app"])
USES = st.builds(UseCount, NAMES, st.sampled_from([*RUNGS, ""]), PROCESSES, st.integers(1, 40))
ANSWERS = st.builds(
    FleetCounts,
    st.just("a test"),
    st.sampled_from([0, start_of(day(3)), NOW]),
    st.lists(USES, max_size=3).map(tuple),
    st.lists(USES.map(lambda use: use._replace(rung="")), max_size=2).map(tuple),
    st.lists(
        st.builds(
            Watchers,
            NAMES,
            st.sampled_from(["", "chat", "billing"]),
            st.just("production"),
            st.integers(0, 9),
        ),
        max_size=3,
    ).map(tuple),
    st.lists(PROCESSES, max_size=3).map(tuple),
    st.lists(PROCESSES, max_size=2).map(tuple),
    st.sampled_from([0, start_of(day(20))]),
)


@given(st.sampled_from(sorted(recordings())), ANSWERS)
def test_no_counts_whatever_make_a_path_more_dead_or_a_grade_better(
    verdict: str, answer: FleetCounts
) -> None:
    before, after = row(recordings()[verdict], None), row(recordings()[verdict], answer)
    assert after.verdict == verdict or (verdict in DEAD and after.verdict == INSUFFICIENT)
    assert after.grade >= before.grade
    assert after.rungs == before.rungs
    used = [
        use
        for use in answer.uses
        if use.name in (OLD, f"{OLD}.deep", f"{OLD}:serve") and use.rung in (CALLED, CONSTRUCTED)
    ]
    if used and verdict in DEAD:
        assert after.verdict == INSUFFICIENT


@pytest.mark.parametrize("kind", ["alias", "unknown"])
def test_a_name_that_may_only_be_passed_on_is_used_by_whoever_imports_its_module(kind: str) -> None:
    path = f"{OLD}:Cart"
    recording = fleet(Worker(watched=()).watches(path, kind).loads(OLD).stops())
    imported = counts(imports=(UseCount(OLD, "", THERE, 2),), path=path)
    assert row(recording, counts(path=path), path, path).verdict in DEAD
    assert row(recording, imported, path, path).verdict == INSUFFICIENT


def test_an_import_of_a_module_is_no_use_of_a_class_that_it_defines() -> None:
    path = f"{OLD}:Cart"
    recording = fleet(Worker(watched=()).watches(path, "class").loads(OLD).stops())
    imported = counts(imports=(UseCount(OLD, "", THERE, 2),), path=path)
    found = row(recording, imported, path, path)
    assert found.verdict == row(recording, None, path, path).verdict == "LOADED-BUT-UNUSED"


def test_imports_in_recorded_processes_are_judged_by_the_recordings() -> None:
    imported = counts(imports=(UseCount(OLD, "", HERE, 2),))
    assert row(recordings()["NEVER-LOADED"], imported).verdict == "NEVER-LOADED"


def test_what_is_used_of_a_watched_module_may_have_been_any_name_in_it() -> None:
    used = counts(UseCount(OLD, CALLED, THERE, 1))
    found = row(recordings()["NEVER-LOADED"], used, f"{OLD}:serve")
    assert found.verdict == INSUFFICIENT
    assert OLD in found.sentence


def test_a_load_counts_once_though_the_import_is_counted_as_well() -> None:
    both = counts(UseCount(OLD, LOADED, THERE, 1), imports=(UseCount(OLD, "", THERE, 1),))
    found = row(recordings()["NEVER-LOADED"], both)
    assert "Prometheus counted 1 load of chat.ws.old" in found.sentence


def test_where_processes_are_not_told_apart_their_sum_is_compared() -> None:
    """One of them is the recorded one, whose load is known; by itself the other's is no more than that."""
    nameless = [THERE._replace(identity="", pid=pid) for pid in ("1", "2")]
    loads = [UseCount(OLD, LOADED, process, 1) for process in nameless]
    path = f"{OLD}:Cart"
    named = [load._replace(name=path) for load in loads]
    worker = Worker(watched=()).watches(path, "alias").loads(OLD)
    (state,) = (record for record in worker.records if isinstance(record, WatchedPathRecord))
    worker.records.append(state._replace(loaded=1))
    recording = fleet(worker.stops())
    assert row(recording, counts(named[0], path=path), path, path).verdict in DEAD
    assert row(recording, counts(*named, path=path), path, path).verdict == INSUFFICIENT


def test_many_processes_are_told_by_the_first_ones() -> None:
    uses = [UseCount(OLD, CALLED, THERE._replace(identity=f"e{n}", pid=str(n)), 1) for n in range(9)]
    assert "and 7 more" in row(recordings()["NEVER-LOADED"], counts(*uses)).sentence
