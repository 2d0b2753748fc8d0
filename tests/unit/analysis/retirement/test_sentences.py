"""What is said of a path has to be true, and to be said once: people delete by it."""

from __future__ import annotations

import pytest
from unit.analysis.build import Source
from unit.analysis.retirement.fleet import FULL, OLD, Worker, terms, verdict

from ssot_probe.analysis.recording import Loss
from ssot_probe.analysis.retirement.rows import Row
from ssot_probe.model.path_records import CALLED, CONSTRUCTED, INHERITED, RESOLVED, TEST
from ssot_probe.model.records import NOWHERE, BlindRecord, ClassRecord
from ssot_probe.policy_json import policy_to_json

SERVE = f"{OLD}:serve"
BASE = f"{OLD}:Base"


def reason(row: Row, name: str) -> str:
    return next(axis.reason for axis in row.axes if axis.name == name)


@pytest.mark.parametrize("path", [OLD, SERVE])
def test_one_use_of_a_name_counts_once_where_its_module_is_watched_too(path: str) -> None:
    worker = Worker(watched=(OLD, SERVE))
    worker.uses(path=OLD, subject=SERVE).uses(path=SERVE, subject=SERVE).stops()
    row = verdict(worker, by=terms(OLD, SERVE), path=path)
    assert row.sentence.startswith("The application used it once: chat/views.py:9 calls chat.ws.old:serve")
    assert row.rungs[CALLED].count == 1


def test_of_a_use_that_two_paths_tell_of_the_higher_count_is_true() -> None:
    worker = Worker(watched=(OLD, SERVE)).uses(path=OLD, subject=SERVE, count=3).uses(path=OLD, subject=SERVE)
    worker.uses(path=SERVE, subject=SERVE).uses("chat/b.py:2", path=SERVE, subject=SERVE, days=2).stops()
    row = verdict(worker, by=terms(OLD, SERVE), path=SERVE)
    assert row.rungs[CALLED].count == 5


def test_what_was_told_bit_by_bit_is_added_up() -> None:
    row = verdict(Worker().uses(count=2).uses(days=1, count=3).stops())
    assert "used it 5 times" in row.sentence
    assert [witness.count for witness in row.witnesses] == [5, 5]


def test_a_count_that_may_be_higher_is_told_as_such() -> None:
    row = verdict(Worker().uses(count=32, is_at_least=True).stops())
    assert "used it at least 32 times" in row.sentence
    assert row.witnesses[0].is_at_least
    others = verdict(Worker().uses(origin=TEST, count=32, is_at_least=True).stops())
    assert others.sentence.startswith("Only tests used it, at least 32 times (")


def test_a_class_that_only_inherits_is_not_told_as_one_use() -> None:
    worker = Worker().uses("chat/new.py:3", rung=INHERITED, subject=BASE, through="chat.new:Own")
    row = verdict(worker.stops())
    assert row.sentence.startswith(
        f"1 class of the application inherits from it: chat/new.py:3 chat.new:Own inherits from {BASE}, "
    )
    assert (row.rungs[CONSTRUCTED].count, row.rungs[CONSTRUCTED].is_at_least) == (0, True)


def test_a_class_that_inherits_is_told_beside_other_uses_and_once() -> None:
    worker = Worker(watched=(OLD, BASE)).uses(subject=BASE, rung=CONSTRUCTED)
    for path in (OLD, BASE):
        worker.uses("chat/new.py:3", path=path, rung=INHERITED, subject=BASE, through="chat.new:Own")
    worker.records.append(ClassRecord("chat.new:Own", 1, "chat/new.py", 3, (BASE,), (), worker.at()))
    row = verdict(worker.stops(), by=terms(OLD, BASE))
    assert "used it once and inherits from it: " in row.sentence
    assert row.rungs[INHERITED].count == 1


def test_a_place_whose_line_nobody_knows_is_its_file() -> None:
    worker = Worker().uses("chat/new.py:0", rung=INHERITED, subject=BASE, through="chat.new:Own")
    assert ": chat/new.py chat.new:Own inherits" in verdict(worker.stops()).sentence


def outside(worker: Worker) -> Worker:
    """Take the place away from the last use."""
    worker.records[-1] = worker.records[-1]._replace(site=NOWHERE)  # type: ignore[call-arg]
    return worker


def test_who_is_no_python_code_is_told_as_such() -> None:
    row = verdict(outside(Worker().uses()).stops())
    assert "used it once: the interpreter or C code calls chat.ws.old:serve" in row.sentence


def test_a_module_that_runs_as_the_program_is_told_so_and_counts_once() -> None:
    worker = outside(Worker().uses(subject=OLD))
    row = verdict(outside(worker.uses(subject=OLD, days=1)).stops())
    assert row.sentence.startswith("The application used it once: chat.ws.old runs as the program, ")


def test_what_the_event_loop_calls_is_told_to_be_run_by_it() -> None:
    worker = Worker().uses("asyncio/events.py:84")
    use = worker.records[-1]
    worker.records[-1] = use._replace(site=use.site._replace(module="asyncio.events"))  # type: ignore
    assert "calls chat.ws.old:serve, run by asyncio, " in verdict(worker.stops()).sentence


def test_causes_that_hold_lists_are_told_apart() -> None:
    worker = Worker().is_blind_to(OLD, "held by a and b").is_blind_to(f"{OLD}.x", "in C").stops()
    told = verdict(worker).sentence
    assert "chat.ws.old.x: in C; chat (pid 11): chat.ws.old: held by a and b; this" in told


def test_torn_lines_are_told_in_words() -> None:
    row = verdict(Worker().stops(), losses=[Loss("torn_line", 14, "x.jsonl:1")])
    assert "one may have gone unseen: x.jsonl:1: 14 torn lines; this silence" in row.sentence


def test_who_only_ran_tests_is_told_so_and_not_that_the_environment_does_not_count() -> None:
    tests = Worker().imports("tests/test_old.py:1", "chat.app")
    assert (
        "as all that was recorded in an environment that counts (production) ran tests"
        in verdict(tests.stops()).sentence
    )
    assert (
        "no process was recorded in an environment that counts"
        in verdict(Worker(environment="laptop").stops()).sentence
    )


def test_nobody_covers_no_day() -> None:
    assert (
        "in 1 process without a day of valid evidence"
        in verdict(Worker().stops(), by=terms(dead=FULL._replace(roles=("web", "cron")))).sentence
    )


def scanned(*modules: str) -> Source:
    source = Source(policy=policy_to_json(terms()))
    for module in ("chat.app", OLD, *modules):
        source.module(module)
    return source


def test_several_places_name_a_path_and_one_names_it() -> None:
    source = scanned()
    source.names("conf.yaml:1", OLD)
    assert reason(verdict(Worker().stops(), source=source), "source") == "conf.yaml:1 names it"
    source.names("settings.py:3", OLD)
    row = verdict(Worker().stops(), source=source)
    assert reason(row, "source") == "conf.yaml:1 and settings.py:3 name it"


def test_several_environments_count() -> None:
    two = FULL._replace(environments=("production", "staging"))
    row = verdict(Worker().stops(), by=terms(dead=two))
    assert reason(row, "environment") == "the policy says that production and staging count"


def test_a_process_that_did_not_say_that_it_ended_has_a_remedy() -> None:
    (doubt,) = verdict(Worker()).doubts
    assert "SSOT_PROBE_SIGTERM=0" in doubt.remedy
    blind = Worker()
    blind.records.append(BlindRecord(OLD, "in C", blind.at()))
    assert [doubt.remedy for doubt in verdict(blind.stops()).doubts] == [""]


def test_what_was_looked_for_by_no_python_code_is_told() -> None:
    row = verdict(outside(Worker().uses(rung=RESOLVED, subject=OLD)).stops())
    assert "the interpreter or C code looks for chat.ws.old" in row.sentence
