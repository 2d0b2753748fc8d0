"""How far the looks at shared references went."""

from __future__ import annotations

from unit.analysis.build import MANAGER, Program, concept, judged, policy

from ssot_probe.analysis.looks import Looks
from ssot_probe.model.policy import Policy


def looks_of(*programs: Program, by: Policy | None = None) -> Looks:
    return judged(*programs, by=by).looks


def test_users_whose_instances_no_look_saw_are_counted() -> None:
    program = Program()
    program.looks(users=3, users_seen=1, trigger="users")
    program.looks(users=5, users_seen=4)
    found = looks_of(program)
    assert (found.count, found.users, found.users_seen, found.objects) == (2, 5, 4, 20)


def test_the_users_of_several_processes_add_up() -> None:
    programs = [Program("p1"), Program("p2")]
    for program in programs:
        program.looks(users=3, users_seen=2)
    found = looks_of(*programs)
    assert (found.users, found.users_seen) == (6, 4)


def test_a_recording_without_a_look_knows_its_users_from_what_they_got() -> None:
    program = Program()
    program.cls(MANAGER)
    program.gives("u-1", "p1-1")
    program.gives("u-2", "p1-2")
    assert looks_of(program)[:3] == (0, 2, 0)
    assert looks_of(program, by=policy(concept(isolation="process")))[:3] == (0, 0, 0)


def test_the_last_look_pauses_nobody() -> None:
    program = Program()
    program.looks(longest_slice=900)
    program.looks(trigger="again", longest_slice=70)
    assert looks_of(program).longest_pause == 70


def test_why_looks_ended_early_is_told() -> None:
    program = Program()
    program.looks()
    program.looks(stopped="it took too long")
    assert looks_of(program).stopped == ("it took too long",)


def test_a_look_that_ended_early_before_a_complete_one_is_nothing_to_tell() -> None:
    program = Program()
    program.looks(stopped="the process forked or ended", trigger="again")
    program.looks()
    assert looks_of(program).stopped == ()


def test_what_was_looked_at_and_is_no_finding_is_listed_with_what_says_most() -> None:
    program = Program()
    program.shares("u-1", "u-2", verdict="seen-once", path=f"{MANAGER}._limits[a value]")
    program.shares("u-1", "u-2", verdict="unchanged", path=f"{MANAGER}._limits[a value]")
    program.shares("u-1", "u-2", verdict="partitioned", path=f"{MANAGER}._all", user_count=7)
    shared = looks_of(program).shared
    assert [(place.path, place.verdict, place.users) for place in shared] == [
        (f"{MANAGER}._all", "partitioned", 7),
        (f"{MANAGER}._limits", "unchanged", 2),
    ]


def test_what_is_a_finding_by_another_look_is_not_listed_as_nothing_wrong() -> None:
    program = Program()
    program.cls(MANAGER)
    program.shares("u-1", "u-2", verdict="unchanged")
    program.shares("u-1", "u-2", verdict="mutated")
    assert looks_of(program).shared == ()
