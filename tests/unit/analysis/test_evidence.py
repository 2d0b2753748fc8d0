from __future__ import annotations

from unit.analysis.build import MANAGER, Program, concept, judged, policy

from ssot_probe.analysis.evidence import MISSING, NO_PROCESS_RECORD, Worth
from ssot_probe.model.policy import Policy


def managers(process: str = "p1") -> Program:
    program = Program(process)
    program.cls(MANAGER)
    return program


def worth(*programs: Program, by: Policy | None = None) -> Worth:
    return judged(*programs, by=by).evidence


def test_a_recording_that_was_closed_and_lost_nothing_is_complete() -> None:
    program = managers()
    program.stop()
    found = worth(program)
    assert (found.processes, found.modules, found.records, found.dropped) == (1, 1, 5, 0)
    assert found.is_complete
    assert found.void is None
    assert not found.unclosed


def test_a_process_that_did_not_say_goodbye_lost_nothing_but_is_not_complete() -> None:
    found = worth(managers())
    assert found.unclosed == ("chat (pid 11)",)
    assert found.dropped == 0
    assert not found.is_complete


def test_the_newest_counters_of_each_process_are_added_up() -> None:
    first, second = managers("p1"), managers("p2")
    first.state("alive", dropped=("queue_full=1",))
    first.stop(dropped=("queue_full=4", "disk=1"))
    second.stop(dropped=("queue_full=2",))
    found = worth(second, first)
    assert found.dropped == 7
    assert not found.is_complete


def test_records_that_were_emitted_and_are_not_there_are_lost() -> None:
    program = managers()
    program.stop()
    del program.records[2]
    found = worth(program)
    assert [(loss.reason, loss.count) for loss in found.losses] == [(MISSING, 1)]


def test_a_record_that_was_emitted_and_then_refused_by_the_disk_is_lost_once() -> None:
    program = managers()
    program.stop(dropped=("disk=1",))
    del program.records[2]
    assert worth(program).dropped == 1


def test_a_record_that_did_not_reach_the_collector_and_is_here_is_no_loss() -> None:
    program = managers()
    program.stop(dropped=("export_failed=3",))
    found = worth(program)
    assert found.is_complete
    assert [loss.count for loss in found.undelivered] == [3]


def test_a_record_that_did_not_reach_the_collector_and_is_not_here_either_is_lost() -> None:
    program = managers()
    program.state("stopped", emitted=99, dropped=("export_failed=3",))
    found = worth(program)
    assert {loss.reason for loss in found.losses} >= {"export_failed"}
    assert not found.undelivered


def test_a_process_without_its_own_record_has_lost_it() -> None:
    silent = managers("p2")
    del silent.records[0]
    found = worth(managers(), silent)
    assert [loss.reason for loss in found.losses] == [NO_PROCESS_RECORD]


def test_late_modules_make_it_incomplete() -> None:
    program = managers()
    program.module("chat.ws.manager", preloaded=True)
    found = worth(program)
    assert not found.is_complete
    assert found.dropped == 0


def test_it_is_void_where_the_probe_was_never_active() -> None:
    program = managers()
    del program.records[0]
    assert worth(program).void == "no process told that the probe was active in it"


def test_it_is_void_where_no_module_was_seen() -> None:
    assert "no first-party module was seen" in (worth(Program()).void or "")


def test_it_is_void_where_no_class_plays_a_declared_concept() -> None:
    by = policy(concept("store", classes=("*Store",)))
    assert "plays any of the declared concepts" in (worth(managers(), by=by).void or "")


def test_it_is_void_where_no_class_plays_an_inferred_concept() -> None:
    program = Program()
    program.cls("chat.views:Page")
    assert "no class that was seen plays a concept" in (worth(program, by=Policy()).void or "")


def test_the_time_goes_from_the_first_record_to_the_last() -> None:
    program = managers()
    found = worth(program)
    assert found.last - found.first == 3_000_000_000
