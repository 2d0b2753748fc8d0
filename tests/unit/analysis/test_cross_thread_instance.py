from __future__ import annotations

from unit.analysis.build import GET_MANAGER, MANAGER, Program, concept, findings, policy, told

BY = policy(concept(isolation="user+thread"))


def program() -> Program:
    made = Program()
    made.cls(MANAGER)
    return made


def test_methods_that_ran_in_two_threads_for_one_user_are_found() -> None:
    used = program()
    used.turns("u-1", 1, place="chat/views.py:9")
    used.turns("u-1", 2, place="chat/jobs.py:4")
    (finding,) = findings("SSOT302", used, by=BY)
    assert finding.subject == MANAGER
    assert finding.severity.label == "warning"
    assert (finding.count, finding.users) == (1, 1)
    assert finding.message == "One instance was used from 2 threads for one user."
    assert told(finding) == [
        f"chat/views.py:9 used, by a call of {MANAGER}.send in thread 1",
        f"chat/jobs.py:4 used, by a call of {MANAGER}.send in thread 2",
    ]


def test_an_instance_that_was_handed_out_in_two_threads_is_found() -> None:
    used = program()
    used.turns("u-1", 1, outcome="returned")
    used.turns("u-1", 2, outcome="returned")
    (finding,) = findings("SSOT302", used, by=BY)
    assert f"handed out by {GET_MANAGER} in thread 2" in told(finding)[1]


def test_an_instance_that_one_thread_got_and_passed_on_to_the_one_that_uses_it_is_silent() -> None:
    used = program()
    used.turns("u-1", 1, outcome="returned")
    used.turns("u-1", 2)
    assert findings("SSOT302", used, by=BY) == []


def test_an_instance_that_the_thread_that_passes_it_on_uses_too_is_found() -> None:
    used = program()
    used.turns("u-1", 1, outcome="returned")
    used.turns("u-1", 1)
    used.turns("u-1", 2)
    assert len(findings("SSOT302", used, by=BY)) == 1


def test_jobs_of_a_pool_that_run_one_after_the_other_are_silent() -> None:
    used = program()
    used.turns("u-1", 1)
    used.turns("u-1", 2, is_job=True)
    used.turns("u-1", 3, is_job=True)
    assert findings("SSOT302", used, by=BY) == []


def test_a_job_that_is_in_the_instance_at_the_same_time_as_another_thread_is_found() -> None:
    used = program()
    used.turns("u-1", 1)
    used.turns("u-1", 2, is_job=True, beside=1)
    (finding,) = findings("SSOT302", used, by=BY)
    assert finding.message.endswith("Several threads were in it at the same time.")
    assert told(finding)[1].endswith("in thread 2 while thread 1 was in it")


def test_two_users_with_a_thread_each_are_silent_here() -> None:
    used = program()
    used.turns("u-1", 1)
    used.turns("u-2", 2)
    assert findings("SSOT302", used, by=BY) == []


def test_what_is_not_to_be_one_per_thread_is_silent() -> None:
    for isolation in ("user", "request", "process"):
        used = program()
        used.turns("u-1", 1)
        used.turns("u-1", 2)
        assert findings("SSOT302", used, by=policy(concept(isolation=isolation))) == []
        assert findings("SSOT302", used, by=policy(BY.concepts[0]._replace(shared_ok=(MANAGER,)))) == []


def test_instances_of_one_class_are_one_finding() -> None:
    used = program()
    for number in range(5):
        for thread in range(7):
            used.turns(f"u-{number}", thread, instance=f"p1-{number}")
    (finding,) = findings("SSOT302", used, by=BY)
    assert (finding.count, finding.users) == (5, 5)
    assert "5 instances were used from several threads, the worst from 7." in finding.message
    assert "and 3 more threads" in told(finding)
