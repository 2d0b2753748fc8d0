from __future__ import annotations

from datetime import timedelta

import pytest
from unit.analysis.build import Source, file_of
from unit.analysis.retirement.fleet import FIRST_DAY, FULL, OLD, Worker, day, fleet, judged, terms, verdict

from ssot_probe.analysis.recording import Loss
from ssot_probe.analysis.retirement.rows import Row
from ssot_probe.model.path_records import (
    BEGAN_ONLY,
    CONSTRUCTED,
    INHERITED,
    RESOLVED,
    DefinitionRecord,
    SourceRecord,
    WatchedPathRecord,
)
from ssot_probe.model.policy import Dead
from ssot_probe.model.records import RUN_SOURCE, SILENT, ClassRecord, ProcessRecord, Site
from ssot_probe.policy_json import policy_to_json

REGISTRY = "chat.compat:Registry"
TICKET = f"{OLD}:Ticket"


def scan(*imports: tuple[str, str], inside: str = "<module>", guard: str = "") -> Source:
    """Return the source of a small service, which imports what is given at these places."""
    source = Source(policy=policy_to_json(terms(OLD, "chat.ws.older", "chat.registry", REGISTRY, TICKET)))
    for module in ("chat.app", "chat.views", OLD):
        source.module(module)
    for place, target in imports:
        source.imports(place, target, guard=guard, inside=inside)
    return source


def told(row: Row) -> tuple[str, str]:
    return row.verdict, row.grade


# Silence


def test_silence_that_meets_every_term_is_safe_to_delete() -> None:
    row = verdict(Worker().stops(), source=scan())
    assert told(row) == ("NEVER-LOADED", "A")
    assert row.sentence == (
        "Nobody looked for it, loaded it or used it in 1 process over 40 days, 2026-01-05 to 2026-02-13: "
        "less than one use in 13.3 days (95 %, as days count and workers of one day do not); safe to delete."
    )


def test_more_workers_do_not_make_silence_stronger() -> None:
    workers = [Worker(f"p{number}", number=number, listed=200).stops() for number in range(1, 201)]
    (one,) = judged(fleet(Worker().stops())).rows
    (many,) = judged(fleet(*workers)).rows
    assert one.bound == many.bound == pytest.approx(40 / 3)
    assert "200 processes over 40 days" in many.sentence


def test_a_monthly_task_is_not_dead_after_29_days_of_200_workers() -> None:
    monthly = FULL._replace(cycles=("month",))
    workers = [Worker(f"p{number}", number=number, listed=200, days=29).stops() for number in range(1, 201)]
    (row,) = judged(fleet(*workers, source=scan()), terms(dead=monthly), today=day(29)).rows
    assert row.verdict == "INSUFFICIENT"
    assert "2026-02-08 at the earliest" in row.sentence  # the 35th day: a month and a tenth
    assert "safe" not in row.sentence


def test_a_monthly_task_that_must_have_run_and_has_not_keeps_a_path() -> None:
    by = terms(dead=FULL._replace(entry_points=("chat.jobs:monthly",)))
    row = verdict(Worker(watched=(OLD, "chat.jobs:monthly")).stops(), by=by, source=scan())
    assert row.verdict == "INSUFFICIENT"
    assert [missing.kind for missing in row.missing] == ["entry-point"]
    ran = Worker(watched=(OLD, "chat.jobs:monthly")).uses(path="chat.jobs:monthly").stops()
    assert told(verdict(ran, by=by, source=scan())) == ("NEVER-LOADED", "A")


def test_an_entry_point_that_got_no_further_than_its_first_line_has_not_run() -> None:
    job = "chat.jobs:monthly"
    by = terms(dead=FULL._replace(entry_points=(job,)))
    failed = Worker(listed=2).watches(job, unheard=f"monthly: {BEGAN_ONLY}").uses(path=job).stops()
    row = verdict(failed, Worker("p2", number=2, listed=2).watches(job).stops(), by=by, source=scan())
    assert row.verdict == "INSUFFICIENT"
    assert "entry point chat.jobs:monthly began, and did not get past its first line" in row.sentence
    ran = Worker("p2", number=2, listed=2).watches(job).uses(path=job).stops()
    assert told(verdict(failed, ran, by=by, source=scan())) == ("NEVER-LOADED", "A")


def test_before_312_nothing_tells_how_far_an_entry_point_got() -> None:
    job = "chat.jobs:monthly"
    by = terms(dead=FULL._replace(entry_points=(job,)))
    worker = Worker(watched=(OLD, job)).uses(path=job).stops()
    worker.records = [
        record._replace(python="3.11.7") if isinstance(record, ProcessRecord) else record
        for record in worker.records
    ]
    row = verdict(worker, by=by, source=scan())
    assert told(row) == ("NEVER-LOADED", "B")
    assert "1 entry point began; how far is not told before Python 3.12" in [axis.reason for axis in row.axes]


def test_an_entry_point_that_ran_only_in_tests_has_not_run() -> None:
    by = terms(dead=FULL._replace(entry_points=("chat.jobs:monthly",)))
    test = Worker("p2", number=2, listed=2).uses(path="chat.jobs:monthly", origin="test").stops()
    assert verdict(Worker(listed=2).stops(), test, by=by, source=scan()).verdict == "INSUFFICIENT"


def test_an_import_that_source_declares_and_that_did_not_run_keeps_a_path() -> None:
    row = verdict(Worker().stops(), source=scan(("chat/jobs.py:4", OLD), inside="monthly"))
    assert told(row) == ("INSUFFICIENT", "D")
    assert [str(missing) for missing in row.missing] == [
        "chat/jobs.py:4 imports chat.ws.old and did not run (not loaded)"
    ]


def test_without_a_scan_a_verdict_says_that_importers_are_unknown() -> None:
    row = verdict(Worker().stops())
    assert told(row) == ("NEVER-LOADED", "D")
    assert [missing.kind for missing in row.missing] == ["scan"]
    assert verdict(Worker().stops(), source=scan()).missing == ()


def test_imports_for_type_checkers_and_of_what_is_deleted_too_keep_nothing() -> None:
    both = terms(OLD, "chat.ws.older")
    for source in (scan(("chat/jobs.py:4", OLD), guard="type-checking"), scan(("chat/ws/older.py:4", OLD))):
        worker = Worker(watched=(OLD, "chat.ws.older")).stops()
        assert verdict(worker, by=both, source=source).verdict == "NEVER-LOADED"


def test_days_without_every_role_do_not_count() -> None:
    by = terms(dead=FULL._replace(roles=("web", "cron")))
    row = verdict(Worker().stops(), by=by, source=scan())
    assert told(row) == ("INSUFFICIENT", "D")
    assert row.missing[0].what == "role cron never reported"
    cron = Worker("p2", role="cron", first=10, days=9, number=2, listed=2).stops()
    row = verdict(Worker(listed=2).stops(), cron, by=by, source=scan())
    assert (row.verdict, len(row.window.days)) == ("NEVER-LOADED", 9)


def test_fewer_days_than_the_policy_asks_for_are_not_enough_and_the_day_is_told() -> None:
    row = verdict(Worker(days=5).stops(), by=terms(dead=FULL._replace(cycles=())), today=day(5))
    assert [str(missing) for missing in row.missing] == [
        f"5 of 7 days of evidence (earliest {FIRST_DAY + timedelta(days=6)})"
    ]


def test_a_cycle_needs_days_in_a_row() -> None:
    first = Worker(days=6).stops()
    second = Worker("p2", first=8, days=6, number=2, listed=2).stops()
    assert verdict(first, second, today=day(14)).verdict == "INSUFFICIENT"


def test_the_day_on_which_a_process_ended_by_an_exception_is_no_day_of_evidence() -> None:
    died = Worker(days=1).stops("failed")
    row = verdict(died, by=terms(dead=FULL._replace(min_days=0, cycles=())), today=day(0))
    assert row.verdict == "INSUFFICIENT"
    assert "0 of 1 day of evidence (1 process ended by an exception" in row.sentence
    assert len(verdict(Worker(days=8).stops("failed"), today=day(8)).window.days) == 7
    assert verdict(Worker(days=1).uses().stops("failed")).verdict == "LIVE"


def test_only_an_environment_that_the_policy_names_is_safe() -> None:
    staging = Worker(environment="staging").stops()
    assert verdict(staging, source=scan()).verdict == "NO-EVIDENCE"
    nobody_said = verdict(staging, by=terms(dead=FULL._replace(environments=())), source=scan())
    assert told(nobody_said) == ("NEVER-LOADED", "C")
    assert "safe" not in nobody_said.sentence
    declared = verdict(staging, by=terms(dead=FULL._replace(environments=("staging",))), source=scan())
    assert told(declared) == ("NEVER-LOADED", "A")


def test_the_grade_is_the_worst_of_all_sides() -> None:
    assert verdict(Worker().stops()).grade == "D"  # not scanned
    assert verdict(Worker().stops(), by=terms(dead=FULL._replace(cycles=())), source=scan()).grade == "B"
    assert verdict(Worker().stops(), by=terms(dead=FULL._replace(roles=())), source=scan()).grade == "C"
    assert verdict(Worker(number=0).stops(), source=scan()).grade == "B"  # others could be missing
    named = scan()
    named.names("chat/settings.py:3", OLD)
    assert verdict(Worker().stops(), source=named).grade == "C"


# What makes silence worthless


@pytest.mark.parametrize(
    ("worker", "cause"),
    [
        (Worker(), "never said that it ended"),
        (Worker(control="missed").stops(), "did not see what the probe did itself"),
        (Worker(control="").stops(), "nothing shows that the probe saw"),
        (Worker().loads(OLD).stops(), ""),
        (Worker().loads(OLD, preloaded=True).stops(), "loaded before the probe"),
        (Worker().is_blind_to(f"{OLD}:serve", "in C").stops(), "in C"),
        (Worker().is_blind_to("something new", "nobody knows").stops(), "nobody knows"),
        (Worker().is_blind_to("shared references", "switched off").stops(), ""),
        (Worker().is_blind_to("chat.views", "in C").stops(), ""),
        (Worker().is_blind_to("imports of chat.views by code in C", "unknown").stops(), ""),
        (Worker().is_blind_to(f"imports of {OLD} by code in C", "unknown").stops(), "unknown"),
        (
            Worker(listed=2).stops(),
            "1 process left no record here, known from number 2 of the list of processes list-1",
        ),
        (Worker(parent="p0").stops(), "known from chat (pid 11), which it forked"),
        (Worker().forks("p9").stops(), "known from chat (pid 11), which forked it"),
    ],
)
def test_what_may_have_gone_unseen_voids_silence(worker: Worker, cause: str) -> None:
    row = verdict(worker, source=scan())
    assert (row.verdict == "VOID") == bool(cause)
    assert cause in row.sentence
    assert "safe" not in row.sentence or not cause


def test_a_clock_at_its_own_beginning_voids_silence_and_no_use() -> None:
    def at_zero(worker: Worker) -> Worker:
        worker.records = [
            record._replace(time=0, armed=0) if isinstance(record, ProcessRecord) else record
            for record in worker.records
        ]
        return worker

    row = verdict(at_zero(Worker().stops()))
    assert row.verdict == "VOID"
    assert "its clock said 1970-01-01 when it began" in row.sentence
    assert verdict(at_zero(Worker().uses().stops())).verdict == "LIVE"


def test_a_lost_record_and_a_torn_line_void_silence() -> None:
    torn = Loss("torn_line", 1, "data/p1.traces.jsonl:9")
    assert verdict(Worker().stops(), losses=[torn]).verdict == "VOID"
    lossy = Worker().stops()
    del lossy.records[1]
    assert "lost" in verdict(lossy).sentence


def test_a_process_that_watched_other_paths_voids_the_silence_of_those_that_watched_this_one() -> None:
    other = Worker("p2", number=2, listed=2, watched=("chat.else",)).stops()
    row = verdict(Worker(listed=2).stops(), other)
    assert row.verdict == "VOID"
    assert "did not watch the path" in row.sentence


def test_what_is_wrong_in_an_environment_that_does_not_count_voids_nothing() -> None:
    laptop = Worker("p2", environment="laptop", number=2, listed=2)
    assert verdict(Worker(listed=2).stops(), laptop).verdict == "NEVER-LOADED"


def test_from_a_day_on_what_was_wrong_before_does_not_matter() -> None:
    killed = Worker(days=3, listed=2)
    clean = Worker("p2", first=10, days=30, number=2, listed=2).stops()
    assert verdict(killed, clean).verdict == "VOID"
    row = verdict(killed, clean, since=day(10))
    assert row.verdict == "NEVER-LOADED"
    assert "since 2026-01-15" in row.sentence


def test_from_a_day_on_what_was_used_before_is_told_apart() -> None:
    before = Worker(days=9).uses(days=2).stops()
    after = Worker("p2", first=10, days=30, number=2, listed=2).stops()
    assert verdict(before, after).verdict == "LIVE"
    row = verdict(before, after, since=day(10))
    assert (row.verdict, row.before) == ("NEVER-LOADED", 1)
    assert verdict(before, after, since=day(2)).verdict == "LIVE"


def test_nothing_that_watched_the_path_is_no_evidence() -> None:
    row = verdict(Worker(watched=()).stops())
    assert row.verdict == "NO-EVIDENCE"
    assert "name it in the policy as legacy, and record again" in row.sentence
    imported = verdict(Worker(watched=()).imports("chat/views.py:3", OLD).stops())
    assert imported.verdict == "NO-EVIDENCE"
    assert imported.rungs["loaded"].count == 1
    assert "it was loaded: chat/views.py:3 imports chat.ws.old" in imported.sentence


def test_a_path_that_is_not_there_is_no_evidence() -> None:
    row = verdict(Worker(watched=()).watches(OLD, "absent").stops(), source=scan())
    assert row.verdict == "NO-EVIDENCE"
    assert "its module is gone, or never was" in row.sentence


def test_a_run_of_tests_proves_no_silence() -> None:
    tests = Worker().loads("tests.conftest").stops()
    assert verdict(tests).verdict == "NO-EVIDENCE"


def test_a_recording_that_saw_no_module_and_an_inventory_that_is_empty_prove_nothing() -> None:
    deaf = Worker()
    deaf.records = [record for record in deaf.records if type(record).__name__ != "ModuleRecord"]
    assert verdict(deaf.stops()).verdict == "VOID"
    assert verdict(Worker().stops(), source=Source()).verdict == "VOID"


def test_a_truncated_scan_proves_nothing() -> None:
    source = scan()
    recording = fleet(Worker().stops(), source=source)
    assert recording.inventory is not None
    recording.inventory.losses = (Loss("incomplete_inventory", 1, "scan"),)
    assert judged(recording).rows[0].verdict == "VOID"


def test_source_that_must_have_imported_it_and_a_recording_without_it_contradict_each_other() -> None:
    row = verdict(Worker().stops(), source=scan(("chat/app.py:2", OLD)))
    assert told(row) == ("CONTRADICTED", "E")
    assert "chat/app.py:2 imports chat.ws.old whenever it is loaded, and it was" in row.sentence


def test_a_process_that_counts_uses_and_tells_of_none_contradicts_itself() -> None:
    worker = Worker()
    watched = worker.records[-1]
    assert isinstance(watched, WatchedPathRecord)
    worker.records[-1] = watched._replace(called=1)
    assert verdict(worker.stops()).verdict == "CONTRADICTED"


# Use


@pytest.mark.parametrize("rung", [CONSTRUCTED, "called", INHERITED])
def test_one_use_by_the_application_is_enough_whatever_else_is_wrong(rung: str) -> None:
    worker = Worker(environment="laptop", control="missed").uses(rung=rung)
    row = verdict(worker, losses=[Loss("torn_line", 1, "x")])
    assert told(row) == ("LIVE", "E")
    assert [(witness.file, witness.line, witness.by_user) for witness in row.witnesses] == [
        ("chat/views.py", 9, True)
    ]


def test_the_first_and_the_last_witness_are_told() -> None:
    row = verdict(
        Worker().uses("chat/b.py:2", days=5).uses("chat/a.py:1").uses("chat/c.py:3", days=9).stops()
    )
    assert [witness.file for witness in row.witnesses] == ["chat/a.py", "chat/b.py", "chat/c.py"]
    assert "3 times" in row.sentence
    assert "chat/a.py:1" in row.sentence


def test_uses_by_tests_tools_and_health_checks_prove_no_need() -> None:
    worker = Worker().uses(origin="tooling").uses("chat/h.py:2", origin="health-check").stops()
    row = verdict(worker)
    assert told(row) == ("LIVE-NON-APP", "E")
    assert row.sentence.startswith("Only health checks and tools used it, twice")
    assert "safe" not in row.sentence


def test_a_wrapper_of_the_probe_s_own_is_no_witness_beside_one_that_knows_who_called() -> None:
    cls = f"{OLD}:Manager"
    frame = "<ssot_probe, counted like importlib._bootstrap>:210"
    worker = Worker().makes(frame, cls)
    worker.uses("tests/test_a.py:3", rung=CONSTRUCTED, subject=cls, origin="test")
    assert verdict(worker.stops()).verdict == "LIVE-NON-APP"
    assert verdict(Worker().makes(frame, cls).stops()).verdict == "LIVE"


def test_what_the_probe_does_itself_is_no_use() -> None:
    assert verdict(Worker().uses(origin="probe").stops()).verdict == "NEVER-LOADED"


def test_a_class_that_only_its_subclass_uses_lives_through_that() -> None:
    base = f"{OLD}:Manager"
    row = verdict(Worker().makes("chat/views.py:9", "chat.new:Manager", bases=(base,)).stops())
    assert row.verdict == "LIVE"
    assert row.through == ("chat.new:Manager",)
    assert "only through chat.new:Manager" in row.sentence


def test_what_a_module_inherits_from_itself_is_no_use_of_it() -> None:
    worker = Worker(watched=(OLD, TICKET)).imports("chat/views.py:3", OLD)
    inherited = {"rung": INHERITED, "subject": TICKET, "inside": "<module>"}
    worker.uses(f"{file_of(OLD)}:3", TICKET, through=f"{OLD}:Pass", **inherited)  # type: ignore[arg-type]
    by = terms(OLD, TICKET)
    assert verdict(worker.stops(), by=by).verdict == "LOADED-BUT-UNUSED"
    assert verdict(worker, by=terms(OLD)).verdict == "LOADED-BUT-UNUSED"
    other = Worker(watched=(OLD, TICKET))
    other.uses("chat/new.py:3", TICKET, through="chat.new:Pass", **inherited)  # type: ignore[arg-type]
    assert verdict(other.stops(), by=by).verdict == "LIVE"


def test_a_class_that_is_fetched_from_elsewhere_lives_through_that_alias() -> None:
    cls = "chat.registry:Registry"
    worker = (
        Worker(watched=("chat.registry",))
        .makes("chat/views.py:9", cls)
        .binds(REGISTRY, cls)
        .imports("chat/views.py:3", REGISTRY)
        .stops()
    )
    row = verdict(worker, by=terms("chat.registry"), path="chat.registry")
    assert row.verdict == "LIVE"
    assert f"only through {REGISTRY}" in row.sentence


def test_a_reexported_name_is_used_by_being_fetched() -> None:
    worker = Worker(watched=()).watches(REGISTRY, "alias").imports("chat/views.py:3", REGISTRY).stops()
    assert verdict(worker, by=terms(REGISTRY), path=REGISTRY).verdict == "LIVE"


@pytest.mark.parametrize(("path", "target"), [(OLD, "chat.new"), (TICKET, "chat.new:Ticket")])
def test_what_is_only_another_name_of_a_module_is_never_dead(path: str, target: str) -> None:
    worker = Worker(watched=()).watches(path, "alias", target=target)
    row = verdict(worker.stops(), by=terms(path), path=path, source=scan())
    assert row.verdict == "INSUFFICIENT"
    assert f"it is only another name of {target}" in row.sentence


def test_a_module_that_is_another_name_is_used_by_whoever_imports_it() -> None:
    worker = Worker(watched=()).watches(OLD, "alias", target="chat.new")
    row = verdict(worker.imports("chat/views.py:3", OLD, outcome="cached").stops())
    assert row.verdict == "LIVE"
    assert "only through chat.new: chat/views.py:3 imports chat.ws.old" in row.sentence


def test_a_facade_is_used_by_whoever_fetches_what_it_passes_on() -> None:
    worker = Worker().imports("chat/views.py:3", f"{OLD}:Manager").binds(f"{OLD}:Manager", "chat.new:Manager")
    row = verdict(worker.stops())
    assert row.verdict == "LIVE"
    assert "chat/views.py:3 imports Manager through it" in row.sentence


def test_what_a_facade_passes_on_is_known_from_source_where_processes_do_not_tell() -> None:
    source = scan(("chat/views.py:3", f"{OLD}:Manager,LIMIT"))
    source.bind(f"{OLD}:Manager", "chat.new:Manager")
    worker = Worker().imports("chat/views.py:3", f"{OLD}:LIMIT,Manager").stops()
    row = verdict(worker, source=source)
    assert row.verdict == "LIVE"
    assert "imports Manager through it" in row.sentence
    constant = Worker().imports("chat/views.py:3", f"{OLD}:LIMIT").stops()
    assert verdict(constant, source=source).verdict == "INSUFFICIENT"


def test_a_package_that_passes_on_what_lies_below_it_is_no_facade_of_others() -> None:
    worker = Worker().imports("chat/views.py:3", f"{OLD}:Manager")
    worker.binds(f"{OLD}:Manager", f"{OLD}.manager:Manager")
    assert verdict(worker.stops()).verdict == "LOADED-BUT-UNUSED"


def test_what_is_deleted_too_passes_nothing_on() -> None:
    worker = Worker(watched=(OLD, "chat.ws.older")).imports("chat/ws/older.py:3", f"{OLD}:Manager")
    worker.binds(f"{OLD}:Manager", "chat.new:Manager").stops()
    assert verdict(worker, by=terms(OLD, "chat.ws.older")).verdict == "LOADED-BUT-UNUSED"


def passed_on(*imports: tuple[str, str]) -> Source:
    """Return source in which one module imports the ticket under another name, for the views."""
    source = scan(("chat/passes.py:3", TICKET), ("chat/views.py:2", "chat.passes:Pass"), *imports)
    source.bind("chat.passes:Pass", TICKET)
    source.bind("chat.views:Pass", TICKET)
    return source


def ticketing() -> Worker:
    worker = Worker(watched=(TICKET,)).imports("chat/passes.py:3", TICKET)
    return worker.uses("chat/views.py:9", TICKET, rung=CONSTRUCTED).stops()


def test_a_class_that_is_used_under_another_name_alone_lives_through_that() -> None:
    row = verdict(ticketing(), by=terms(TICKET), path=TICKET, source=passed_on())
    assert row.verdict == "LIVE"
    assert row.through == ("chat.passes:Pass",)
    assert "only through chat.passes:Pass" in row.sentence


@pytest.mark.parametrize("target", [TICKET, OLD])
def test_a_class_that_another_file_imports_too_lives_by_itself(target: str) -> None:
    source = passed_on(("chat/jobs.py:4", target))
    assert verdict(ticketing(), by=terms(TICKET), path=TICKET, source=source).through == ()


def test_a_class_that_is_used_where_it_gets_its_other_name_lives_by_itself() -> None:
    worker = ticketing().uses("chat/passes.py:9", TICKET)
    assert verdict(worker, by=terms(TICKET), path=TICKET, source=passed_on()).through == ()


def test_a_module_that_is_loaded_under_a_second_name_is_used_by_that() -> None:
    worker = Worker().loads(OLD).makes("chat/views.py:9", "ws.old:Manager")
    worker.records.append(worker.records[1]._replace(module="ws.old", file="chat/ws/old.py"))  # type: ignore[call-arg]
    assert verdict(worker.stops()).verdict == "LIVE"


def test_an_unpickled_instance_is_a_use() -> None:
    row = verdict(Worker().imports("chat/cache.py:3", OLD, origin="unpickling").stops())
    assert row.verdict == "LIVE"
    assert "unpickles something that says it is from chat.ws.old" in row.sentence


def test_what_legacy_modules_do_while_they_load_each_other_is_no_use() -> None:
    by = terms(OLD, "chat.ws.older")
    worker = (
        Worker(watched=(OLD, "chat.ws.older"))
        .imports("chat/views.py:3", "chat.ws.older")
        .imports("chat/ws/older.py:2", OLD)
        .uses("chat/ws/older.py:4", inside="<module>")
        .stops()
    )
    assert verdict(worker, by=by).verdict == "LOADED-BUT-UNUSED"
    later = Worker(watched=(OLD, "chat.ws.older")).uses("chat/ws/older.py:4").stops()
    assert verdict(later, by=by).verdict == "LIVE"


def _runs(name: str, digest: str, first: int = 0, days: int = 9, number: int = 1) -> Worker:
    """Return a process that runs a version of the views."""
    worker = Worker(name, first=first, days=days, number=number, listed=number)
    return worker.loaded_source("chat/views.py", digest)


def test_a_use_by_an_older_version_of_its_caller_is_told_and_silence_counts_from_the_change_on() -> None:
    old = _runs("p1", "v1").uses(days=1).stops()
    new = _runs("p2", "v2", first=10, days=30, number=2).stops()
    row = verdict(old, new, source=scan())
    assert (row.verdict, row.superseded) == ("NEVER-LOADED", 1)
    assert min(row.window.days) == day(10)
    assert row.sentence.endswith("; it was used until 2026-01-06 by chat/views.py:9, in an earlier version.")


def test_a_use_whose_caller_has_not_changed_stays_one_though_the_path_has() -> None:
    old = _runs("p1", "v1").uses(digest="v1", days=1)
    old.records.append(_definition("v1", old.at()))
    new = _runs("p2", "v1", first=10, days=30, number=2)
    new.records.append(_definition("v2", new.at()))
    assert verdict(old.stops(), new.stops()).verdict == "LIVE"


def test_a_use_by_an_older_version_stays_one_as_long_as_no_valid_process_watched_the_path_since() -> None:
    old = _runs("p1", "v1").uses(days=1).stops()
    killed = _runs("p2", "v2", first=10, days=30, number=2)
    elsewhere = _runs("p2", "v2", first=10, days=30, number=2).stops()
    elsewhere.about = elsewhere.about._replace(environment="laptop")
    unwatched = Worker("p2", first=10, days=30, number=2, listed=2, watched=())
    unwatched.loaded_source("chat/views.py", "v2").stops()
    for new in (killed, elsewhere, unwatched):
        row = verdict(old, new)
        assert row.verdict == "LIVE"
        assert "by an earlier version of chat/views.py, and nothing newer watched the path" in row.sentence
    scanned = scan()
    scanned.records.append(SourceRecord("chat/views.py", "v2", old.end + 1))
    assert verdict(_runs("p1", "v1", number=0).uses(days=1).stops(), source=scanned).verdict == "LIVE"


def test_a_use_by_an_older_version_beside_the_newest_is_a_use() -> None:
    old = _runs("p1", "v1", days=20).uses(days=15).stops()
    row = verdict(old, _runs("p2", "v2", first=10, days=30, number=2).stops())
    assert row.verdict == "LIVE"
    assert "earlier version" not in row.sentence


def test_a_use_by_an_older_version_of_a_file_that_still_imports_the_path_is_a_use() -> None:
    old = _runs("p1", "v1").uses(days=1).imports("chat/views.py:3", f"{OLD}:serve").stops()
    again = _runs("p2", "v2", first=10, days=30, number=2).imports("chat/views.py:4", f"{OLD}:serve").stops()
    gone = _runs("p2", "v2", first=10, days=30, number=2).stops()
    importing = scan()
    importing.imports("chat/views.py:4", f"{OLD}:serve")
    for new, source in ((again, None), (again, scan()), (gone, importing)):
        row = verdict(old, new, source=source)
        assert row.verdict == "LIVE"
        assert "by an earlier version of chat/views.py, which still imports it" in row.sentence
    assert verdict(old, gone, source=scan()).verdict != "LIVE"


def test_a_use_by_a_version_that_came_back_after_the_newer_one_is_a_use() -> None:
    old = _runs("p1", "v1").uses(days=1).stops()
    canary = _runs("p2", "v2", first=10, days=2, number=2).stops()
    back = _runs("p3", "v1", first=13, days=2, number=3).stops()
    newest = _runs("p4", "v2", first=16, days=30, number=4).stops()
    assert verdict(old, canary, back, newest).verdict == "LIVE"
    assert verdict(old, canary, newest).verdict != "LIVE"


def test_days_of_older_versions_of_what_imports_a_path_do_not_count() -> None:
    old = _runs("p1", "v1", days=30).imports("chat/views.py:3", f"{OLD}:serve")
    new = _runs("p2", "v2", first=35, days=3, number=2).imports("chat/views.py:3", f"{OLD}:serve")
    for worker in (old, new):
        worker.records.append(_definition("v1", worker.at()))
    row = verdict(old.stops(), new.stops())
    assert (row.verdict, len(row.window.days)) == ("INSUFFICIENT", 3)
    blind = _runs("p1", "v1", days=30).imports("chat/views.py:3", f"{OLD}:serve")
    assert verdict(blind.is_blind_to(OLD, "in C").stops(), new).verdict == "VOID"


def test_the_silence_about_an_older_version_of_what_was_never_loaded_does_not_count() -> None:
    old = Worker(days=30, watched=()).watches(OLD, digest="v1").stops()
    new = Worker("p2", first=35, days=3, number=2, listed=2, watched=()).watches(OLD, digest="v2").stops()
    row = verdict(old, new)
    assert (row.verdict, len(row.window.days)) == ("INSUFFICIENT", 3)


def test_the_silence_about_an_older_version_does_not_count() -> None:
    old = Worker(days=30, watched=()).watches(OLD, digest="v1", kind="module").stops()
    new = Worker("p2", first=35, days=3, number=2, listed=2, watched=())
    row = verdict(old, new.watches(OLD, digest="v2", kind="module").stops())
    assert (row.verdict, len(row.window.days)) == ("INSUFFICIENT", 3)


def test_what_is_wrong_with_an_older_version_beside_the_newest_voids_its_silence() -> None:
    killed = Worker(days=30, watched=(), listed=2).watches(OLD, digest="v1", kind="module")
    new = Worker("p2", first=10, days=30, number=2, listed=2, watched=())
    new.watches(OLD, digest="v2", kind="module")
    assert verdict(killed, new.stops()).verdict == "VOID"
    gone = Worker(days=3, watched=(), listed=2).watches(OLD, digest="v1", kind="module")
    assert verdict(gone, new).verdict == "VOID"
    assert verdict(killed.stops(), new).verdict == "NEVER-LOADED"


def _definition(digest: str, time: int) -> DefinitionRecord:
    return DefinitionRecord(OLD, "function", digest, Site("chat/ws/old.py", 1, "serve", OLD), time)


# In between


def test_a_module_that_is_loaded_and_not_used_says_who_loads_it() -> None:
    worker = Worker().imports("chat/views.py:3", f"{OLD}:serve")
    worker.records.append(_definition("v1", worker.at()))
    row = verdict(worker.stops(), source=scan(("chat/views.py:3", f"{OLD}:serve")))
    assert told(row) == ("LOADED-BUT-UNUSED", "D")
    assert "the imports have to go first" in row.sentence
    assert "chat/views.py:3 imports serve from chat.ws.old" in row.sentence


def test_of_what_was_fetched_and_not_used_it_is_said_which_uses_leave_no_trace() -> None:
    source = scan(("chat/views.py:3", TICKET))
    source.defines(TICKET, TICKET, 3, kind="class")
    worker = Worker(watched=()).watches(TICKET, "class").imports("chat/views.py:3", TICKET)
    row = verdict(worker.stops(), path=TICKET, by=terms(TICKET), source=source)
    assert told(row) == ("LOADED-BUT-UNUSED", "D")
    assert "safe" not in row.sentence
    assert "isinstance, attributes of a class" in row.sentence
    assert [missing.kind for missing in row.missing] == ["trace"]
    assert "isinstance" in str(row.missing[0])


def test_what_only_legacy_code_loads_may_go_with_it() -> None:
    both = terms(OLD, "chat.ws.older")
    worker = Worker(watched=(OLD, "chat.ws.older")).imports("chat/ws/older.py:2", f"{OLD}:serve")
    worker.records.append(_definition("v1", worker.at()))
    row = verdict(worker.stops(), by=both, source=scan(("chat/ws/older.py:2", f"{OLD}:serve")))
    assert told(row) == ("LOADED-BUT-UNUSED", "A")
    assert row.sentence.endswith("safe to delete once they have.")
    assert row.missing == ()


def test_a_use_that_leaves_no_trace_and_stands_in_code_that_stays_is_named() -> None:
    source = scan(("chat/views.py:3", TICKET))
    source.names("chat/views.py:9", TICKET, kind=SILENT, inside="view")
    source.names(f"{file_of(OLD)}:4", TICKET, kind=SILENT, inside="serve")
    worker = Worker(watched=(OLD,)).imports("chat/views.py:3", TICKET)
    worker.records.append(_definition("v1", worker.at())._replace(definition=Site("", 1, "Ticket", OLD)))
    row = verdict(worker.stops(), source=source)
    assert row.verdict == "INSUFFICIENT"
    assert [str(missing) for missing in row.missing] == [
        "chat/views.py:9 checks, compares, catches or reads Ticket, which leaves no trace"
    ]
    never = verdict(Worker().stops(), source=source)
    assert "leaves no trace" not in never.sentence


def test_where_code_that_stays_runs_files_that_it_reads_no_silence_of_a_file_is_complete() -> None:
    source = scan()
    source.names(f"{file_of(OLD)}:4", "", kind=RUN_SOURCE, inside="serve")
    assert verdict(Worker().stops(), source=source).verdict == "NEVER-LOADED"

    source.names("chat/plugins.py:9", "", kind=RUN_SOURCE, inside="load")
    source.names("chat/plugins.py:12", "", kind=RUN_SOURCE, inside="load")
    row = verdict(Worker().stops(), source=source)
    assert row.verdict == "INSUFFICIENT"
    assert [str(missing) for missing in row.missing] == [
        "chat/plugins.py:9 reads source text and runs it, past the import system, like 1 other place"
    ]


def test_of_a_module_that_is_imported_as_a_whole_nobody_knows_which_values_are_read() -> None:
    row = verdict(Worker().imports("chat/views.py:3", OLD).stops(), source=scan(("chat/views.py:3", OLD)))
    assert told(row) == ("LOADED-BUT-UNUSED", "D")
    assert "safe" not in row.sentence


def test_what_is_looked_for_and_never_loaded_has_somebody_who_decides() -> None:
    row = verdict(Worker().uses(rung=RESOLVED).stops(), source=scan())
    assert row.verdict == "RESOLVED-NOT-LOADED"
    assert "safe" not in row.sentence
    assert (
        verdict(Worker().imports("chat/v.py:3", OLD, outcome="failed").stops()).verdict
        == "RESOLVED-NOT-LOADED"
    )


def test_a_value_that_was_fetched_cannot_be_told_unused() -> None:
    row = verdict(Worker().imports("chat/views.py:3", f"{OLD}:LIMIT").stops())
    assert told(row) == ("INSUFFICIENT", "D")
    assert "chat/views.py:3 fetches LIMIT from chat.ws.old" in row.sentence
    value = Worker(watched=()).watches(f"{OLD}:LIMIT", "value").imports("chat/v.py:3", f"{OLD}:LIMIT").stops()
    assert verdict(value, path=f"{OLD}:LIMIT").verdict == "INSUFFICIENT"


@pytest.mark.parametrize("trait", ["exception", "enum", "typed-dict", "protocol"])
def test_a_class_that_is_used_without_being_constructed_cannot_be_told_unused(trait: str) -> None:
    worker = Worker().imports("chat/views.py:3", f"{OLD}:Failure")
    cls = ClassRecord(f"{OLD}:Failure", 1, "chat/ws/old.py", 3, (), (trait,), worker.at())
    worker.records.append(cls)
    assert verdict(worker.stops()).verdict == "INSUFFICIENT"
    source = scan(("chat/views.py:3", f"{OLD}:Failure"))
    source.cls(f"{OLD}:Failure", traits=(trait,))
    silent = Worker().imports("chat/views.py:3", f"{OLD}:Failure").stops()
    row = verdict(silent, source=source)
    assert row.verdict == "INSUFFICIENT"
    assert "which is used without being constructed" in row.sentence


def test_code_that_cannot_be_heard_cannot_be_told_unused() -> None:
    worker = Worker(watched=()).watches(OLD, "module", unheard="serve (in C)")
    assert verdict(worker.stops()).verdict == "NEVER-LOADED"
    worker = Worker(watched=()).watches(OLD, "module", unheard="serve (in C)").imports("chat/v.py:3", OLD)
    assert verdict(worker.stops()).verdict == "INSUFFICIENT"


def test_a_name_whose_module_is_loaded_is_loaded_and_its_neighbours_do_not_keep_it() -> None:
    path = f"{OLD}:serve"
    worker = Worker(watched=()).watches(path, "function").watches(f"{OLD}:other", "function")
    worker.imports("chat/v.py:3", OLD).uses(path=f"{OLD}:other").stops()
    assert verdict(worker, by=terms(path, f"{OLD}:other"), path=path).verdict == "LOADED-BUT-UNUSED"


def test_the_empty_policy_asks_for_seven_days() -> None:
    assert verdict(Worker(days=6).stops(), by=terms(dead=Dead())).verdict == "INSUFFICIENT"
    assert told(verdict(Worker(days=7).stops(), by=terms(dead=Dead()), source=scan())) == (
        "NEVER-LOADED",
        "C",
    )
