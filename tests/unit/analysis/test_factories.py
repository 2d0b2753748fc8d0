from __future__ import annotations

from unit.analysis.build import GET_MANAGER, MANAGER, Program, concept, findings, policy, told

from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy

CREATE = "chat.ws.factory:create_manager"
DECLARED = policy(concept(factories=(GET_MANAGER,)))


def managers() -> Program:
    program = Program()
    program.cls(MANAGER)
    return program


def two_factories() -> Program:
    program = managers()
    program.hands_out("chat/views.py:9", GET_MANAGER, count=5)
    program.hands_out("chat/admin.py:7", CREATE)
    return program


def test_two_factories_are_one_finding_with_definition_and_caller_of_each() -> None:
    (finding,) = findings("SSOT201", two_factories())
    assert (finding.subject, finding.severity, finding.count) == (MANAGER, Severity.WARNING, 2)
    assert told(finding) == [
        f"chat/ws/factory.py:40 {CREATE} handed out instances once",
        f"chat/admin.py:7 calls {CREATE}",
        f"chat/ws/manager.py:40 {GET_MANAGER} handed out instances 5 times",
        f"chat/views.py:9 calls {GET_MANAGER}",
    ]


def test_a_factory_that_delegates_to_another_is_told_as_a_chain() -> None:
    program = managers()
    program.hands_out("chat/ws/factory.py:12", GET_MANAGER)
    program.hands_out("chat/admin.py:7", CREATE, origin=GET_MANAGER)
    assert not findings("SSOT201", program)
    program.hands_out("chat/admin.py:9", "chat.other:make")
    (finding,) = findings("SSOT201", program)
    assert finding.count == 2
    assert f"chat/ws/factory.py:40 {CREATE} passes on what {GET_MANAGER} made" in told(finding)


def test_constructors_are_no_factories() -> None:
    program = managers()
    program.constructs("chat/views.py:9")
    program.hands_out("chat/views.py:10")
    assert not findings("SSOT201", program)


def test_a_second_factory_beside_the_declared_one_is_named() -> None:
    (finding,) = findings("SSOT201", two_factories(), by=DECLARED)
    assert finding.message.endswith(f"Not among the declared factories: {CREATE}.")


def test_several_declared_factories_are_silent() -> None:
    assert not findings("SSOT201", two_factories(), by=policy(concept(factories=(GET_MANAGER, CREATE))))


def test_a_factory_that_is_declared_by_a_re_exporting_path_is_declared() -> None:
    program = two_factories()
    program.function(CREATE)
    program.function(CREATE, bound_in="chat.ws")
    both = policy(concept(factories=(GET_MANAGER, "chat.ws:create_manager")))
    assert not findings("SSOT201", program, by=both)


def test_factories_of_different_concepts_are_silent() -> None:
    program = managers()
    program.cls("chat.sessions:SessionStore")
    program.hands_out("chat/views.py:9", GET_MANAGER)
    program.hands_out("chat/views.py:10", "chat.sessions:get_store", "chat.sessions:SessionStore")
    assert not findings("SSOT201", program, by=policy(concept(), concept("store", classes=("*Store",))))


def test_construction_outside_the_declared_factory_is_told_with_its_places() -> None:
    program = managers()
    program.constructs("chat/views.py:9", count=2)
    program.constructs("chat/admin.py:7", chain=("chat.other:make",))
    (finding,) = findings("SSOT203", program, by=DECLARED)
    assert (finding.subject, finding.severity, finding.count) == (MANAGER, Severity.WARNING, 3)
    assert finding.message == f"Constructed 3 times outside {GET_MANAGER}."
    assert told(finding) == [
        f"chat/admin.py:7 constructs {MANAGER} inside chat.other:make, once",
        f"chat/views.py:9 constructs {MANAGER}, twice",
    ]


def test_construction_in_code_that_was_generated_is_told_where_that_was_called() -> None:
    program = managers()
    program.constructs("<string>:4", inside="__init__", within=("chat.views:view@chat/views.py:9",))
    program.constructs("<string>:5", inside="__init__")
    (finding,) = findings("SSOT203", program, by=DECLARED)
    assert told(finding) == [
        f"<string>:5 constructs {MANAGER}, once",
        f"chat/views.py:9 constructs {MANAGER}, once",
    ]


def test_construction_inside_an_allowed_factory_is_silent_at_any_depth() -> None:
    program = managers()
    program.constructs("chat/ws/manager.py:41", chain=(GET_MANAGER,))
    program.constructs("chat/ws/pool.py:41", chain=("chat.app:start", GET_MANAGER, "chat.ws.pool:make"))
    assert not findings("SSOT203", program, by=DECLARED)


def test_construction_in_a_method_of_a_declared_factory_class_is_silent() -> None:
    program = managers()
    program.constructs("chat/ws/factory.py:41", chain=("chat.ws.factory:Makers.create",))
    assert not findings("SSOT203", program, by=policy(concept(factories=("chat.ws.factory:Makers",))))


def test_a_singleton_that_an_allowed_factory_hands_out_first_is_adopted_by_it() -> None:
    program = managers()
    program.constructs("chat/ws/manager.py:60", inside="<module>")
    program.hands_out("chat/views.py:9", GET_MANAGER, born="chat/ws/manager.py:60", count=100)
    assert not findings("SSOT203", program, by=DECLARED)


def test_a_singleton_that_a_forked_child_hands_out_is_adopted() -> None:
    parent, child = managers(), Program("p2")
    parent.constructs("chat/ws/manager.py:60", inside="<module>")
    child.hands_out("chat/views.py:9", GET_MANAGER, born="chat/ws/manager.py:60")
    assert not findings("SSOT203", parent, child, by=DECLARED)


def test_only_as_many_instances_as_were_handed_out_are_adopted() -> None:
    program = managers()
    program.constructs("chat/views.py:9", count=5)
    program.hands_out("chat/views.py:10", GET_MANAGER, born="chat/views.py:9", count=2)
    (finding,) = findings("SSOT203", program, by=DECLARED)
    assert finding.count == 3


def test_what_a_foreign_factory_hands_out_first_is_not_adopted() -> None:
    program = managers()
    program.constructs("chat/views.py:9")
    program.hands_out("chat/views.py:10", CREATE, born="chat/views.py:9")
    assert findings("SSOT203", program, by=DECLARED)


def test_a_subclass_that_is_constructed_outside_is_a_bypass_too() -> None:
    audited = "chat.audit:Audited"
    program = managers()
    program.cls(audited, bases=(MANAGER,))
    program.constructs("chat/views.py:9", audited)
    (finding,) = findings("SSOT203", program, by=policy(concept(canonical=MANAGER, factories=(GET_MANAGER,))))
    assert finding.subject == audited


def test_a_test_double_may_be_constructed_anywhere() -> None:
    fake = "tests.doubles:FakeWebSocketManager"
    program = managers()
    program.cls(fake, traits=("test-double",))
    program.constructs("tests/test_views.py:9", fake)
    assert not findings("SSOT203", program, by=DECLARED)


def test_without_declared_factories_a_bypass_of_the_observed_one_is_a_note() -> None:
    program = managers()
    program.constructs("chat/views.py:9")
    assert not findings("SSOT203", program)
    program.hands_out("chat/admin.py:9", GET_MANAGER)
    (finding,) = findings("SSOT203", program)
    assert finding.severity is Severity.NOTE
    assert f'factories = ["{GET_MANAGER}"] would settle' in finding.message


def test_inferred_concepts_say_how_to_declare_the_factory() -> None:
    program = Program()
    program.cls("chat.a:SocketManager")
    program.hands_out("chat/views.py:9", "chat.a:get", "chat.a:SocketManager")
    program.hands_out("chat/views.py:10", "chat.a:make", "chat.a:SocketManager")
    program.constructs("chat/views.py:11", "chat.a:SocketManager")
    (several,) = findings("SSOT201", program, by=Policy())
    assert 'declare [[concept]] name = "socket-manager" with factories = ["chat.a:get"]' in several.message
    (bypass,) = findings("SSOT203", program, by=Policy())
    assert bypass.severity is Severity.NOTE
    assert 'in a [[concept]] with name = "socket-manager"' in bypass.message


def test_a_construction_in_the_code_of_a_declared_factory_that_is_called_unheard_is_no_bypass() -> None:
    program = managers()
    program.constructs("chat/ws/manager.py:41", inside="get_manager", count=300)
    program.constructs("chat/ws/manager.py:48", inside="get_manager.<locals>.make")
    assert not findings("SSOT203", program, by=DECLARED)

    program.constructs("chat/ws/manager.py:60", inside="get_manager_quickly")
    assert findings("SSOT203", program, by=DECLARED)


NOT_CONSTRUCTED = (
    f"chat/ws/factory.py:40 {CREATE} handed out {MANAGER} that was not constructed here, 3 times: "
    "copied, unpickled, loaded from a store, or older than the observation"
)


def test_a_factory_of_what_was_never_constructed_says_so_beside_the_others() -> None:
    program = managers()
    program.hands_out("chat/views.py:9", GET_MANAGER)
    program.hands_out("chat/admin.py:7", CREATE, found=True, count=3)
    (finding,) = findings("SSOT201", program)
    assert NOT_CONSTRUCTED in told(finding)
    assert not any(f"{GET_MANAGER} handed out {MANAGER} that was not" in line for line in told(finding))


def test_a_bypass_names_the_factories_of_what_was_never_constructed() -> None:
    program = managers()
    program.constructs("chat/views.py:9")
    program.hands_out("chat/admin.py:7", CREATE, found=True, count=3)
    program.hands_out("chat/admin.py:8", GET_MANAGER, origin=CREATE, found=True)
    (finding,) = findings("SSOT203", program, by=DECLARED)
    assert told(finding) == [f"chat/views.py:9 constructs {MANAGER}, once", NOT_CONSTRUCTED]
    assert finding.count == 1


def test_what_was_never_constructed_is_no_bypass_by_itself() -> None:
    program = managers()
    program.hands_out("chat/admin.py:7", CREATE, found=True)
    assert not findings("SSOT203", program, by=DECLARED)
