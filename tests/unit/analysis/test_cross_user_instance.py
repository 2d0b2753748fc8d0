from __future__ import annotations

from unit.analysis.build import GET_MANAGER, MANAGER, Program, concept, findings, policy, told

from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy


def shared_by(*users: str, instance: str = "p1-1") -> Program:
    program = Program()
    program.cls(MANAGER)
    for user in users:
        program.gives(user, instance)
    return program


def test_an_instance_that_two_users_got_is_a_finding_with_the_first_access_of_each() -> None:
    program = shared_by()
    program.gives("u-1", outcome="constructed", maker=MANAGER, place="chat/ws/manager.py:41")
    program.gives("u-2", thread="worker-1", task="run-7")
    program.gives("u-2", place="chat/later.py:1")
    program.holds("module chat.ws.manager", "_manager")
    (finding,) = findings("SSOT301", program)
    assert (finding.subject, finding.severity) == (MANAGER, Severity.ERROR)
    assert (finding.count, finding.users, finding.message) == (1, 2, "One instance served 2 users.")
    assert told(finding) == [
        "chat/ws/manager.py:41 constructed by chat.ws.manager:handler",
        f"chat/views.py:12 handed out by {GET_MANAGER}",
        "kept alive by module chat.ws.manager -> _manager",
    ]
    assert finding.evidence[1][3:] == ("worker-1", "run-7", "u-2")


def test_instances_of_one_user_each_are_silent() -> None:
    program = shared_by("u-1")
    program.gives("u-2", "p1-2")
    assert not findings("SSOT301", program)


def test_a_user_who_comes_back_is_one_user() -> None:
    assert not findings("SSOT301", shared_by("u-1", "u-1"))


def test_calls_without_a_user_are_no_second_user() -> None:
    assert not findings("SSOT301", shared_by("u-1", ""))


def test_a_concept_that_belongs_to_the_process_may_be_shared() -> None:
    assert not findings("SSOT301", shared_by("u-1", "u-2"), by=policy(concept(isolation="process")))


def test_a_type_that_the_policy_lets_users_share_is_silent() -> None:
    assert not findings("SSOT301", shared_by("u-1", "u-2"), by=policy(concept(shared_ok=(MANAGER,))))


def test_every_other_isolation_forbids_it() -> None:
    for isolation in ("user", "user+thread", "request"):
        assert findings("SSOT301", shared_by("u-1", "u-2"), by=policy(concept(isolation=isolation)))


def test_the_worst_instances_are_shown_and_all_are_counted() -> None:
    program = shared_by()
    for number in range(5):
        for user in range(2 + number):
            program.gives(f"u-{user}", f"p1-{number}")
    (finding,) = findings("SSOT301", program)
    assert (finding.count, finding.users) == (5, 6)
    lines = told(finding)
    assert [line for line in lines if line.startswith("instance")] == [
        "instance 1 of 5, 6 users:",
        "instance 2 of 5, 5 users:",
        "instance 3 of 5, 4 users:",
    ]
    assert "and 2 more users" in lines


def test_what_was_judged_in_the_process_proves_it_where_accesses_are_missing() -> None:
    program = shared_by()
    program.reaches("u-1", "u-2")
    (finding,) = findings("SSOT301", program)
    assert finding.users == 2
    assert told(finding) == ["chat/views.py:12 reached user no. 2, as judged in the process"]


def test_users_that_were_only_counted_count() -> None:
    program = shared_by("u-1", "u-2")
    program.reaches("u-1", "u-2", user_count=64)
    (finding,) = findings("SSOT301", program)
    assert finding.users == 64
    assert "and 62 more users" in told(finding)


def test_what_was_judged_in_the_process_is_judged_again_by_the_policy() -> None:
    program = shared_by()
    program.reaches("u-1", "u-2")
    assert not findings("SSOT301", program, by=policy(concept(isolation="process")))


def test_instances_of_a_subclass_are_instances_of_the_concept() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("chat.audit:Audited", bases=(MANAGER,))
    program.gives("u-1", cls="chat.audit:Audited")
    program.gives("u-2", cls="chat.audit:Audited")
    (finding,) = findings("SSOT301", program)
    assert finding.subject == "chat.audit:Audited"


def test_a_factory_object_of_the_concept_may_serve_all_users() -> None:
    registry = "chat.ws.registry:WebSocketManagerRegistry"
    program = shared_by()
    program.cls(registry)
    program.hands_out("chat/views.py:9", f"{registry}.get", kind="method")
    program.gives("u-1", cls=registry)
    program.gives("u-2", cls=registry)
    assert not findings("SSOT301", program)


def test_a_class_of_two_concepts_is_judged_by_the_one_that_was_recorded() -> None:
    broad = concept("manager", classes=("*Manager",), isolation="process")
    program = shared_by("u-1", "u-2")
    (finding,) = findings("SSOT301", program, by=policy(broad, concept()))
    assert finding.concept == "websocket-manager"


def test_a_class_that_the_policy_does_not_ask_for_is_silent() -> None:
    program = shared_by("u-1", "u-2")
    assert not findings("SSOT301", program, by=policy(concept("store", classes=("*Store",))))


def test_an_access_is_enough_to_know_the_class_by() -> None:
    program = Program()
    program.gives("u-1")
    program.gives("u-2")
    assert findings("SSOT301", program)


def test_where_nobody_said_what_may_be_shared_it_is_a_note_that_asks() -> None:
    program = Program()
    program.cls("chat.a:SocketManager")
    program.gives("u-1", cls="chat.a:SocketManager")
    program.gives("u-2", cls="chat.a:SocketManager")
    (finding,) = findings("SSOT301", program, by=Policy())
    assert finding.severity is Severity.NOTE
    assert 'declare [[concept]] name = "socket-manager" with isolation = "process"' in finding.message
