from __future__ import annotations

from unit.analysis.build import MANAGER, Program, concept, findings, policy, told

from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy

OLD = "chat.ws.old:WebSocketManager"
CANONICAL = policy(concept(canonical=MANAGER))


def two_managers() -> Program:
    program = Program()
    program.cls(MANAGER)
    program.cls(OLD, line=7)
    program.constructs("chat/views.py:9", OLD, count=3)
    return program


def test_two_classes_of_one_concept_are_one_finding_with_a_line_for_each() -> None:
    (finding,) = findings("SSOT101", two_managers(), by=CANONICAL)
    assert (finding.subject, finding.severity, finding.count) == (MANAGER, Severity.ERROR, 2)
    assert finding.message == "2 classes play websocket-manager, 1 allowed."
    assert told(finding) == [
        f"chat/ws/manager.py:10 {MANAGER}, never constructed (canonical)",
        f"chat/ws/old.py:7 {OLD}, constructed 3 times",
    ]


def test_without_a_canonical_class_the_most_constructed_one_is_the_subject() -> None:
    (finding,) = findings("SSOT101", two_managers())
    assert finding.subject == OLD


def test_as_many_classes_as_the_policy_allows_are_silent() -> None:
    assert not findings("SSOT101", two_managers(), by=policy(concept(max_classes=2)))


def test_the_same_class_in_two_processes_is_one_class() -> None:
    programs = [Program("p1"), Program("p2")]
    programs[1].cls("chat.other:Thing")  # so that serials differ between the processes
    for program in programs:
        program.cls(MANAGER)
    assert not findings("SSOT101", *programs)


def test_the_same_class_on_another_line_of_an_edited_file_is_one_class() -> None:
    old_version, new_version = Program("p1"), Program("p2")
    old_version.cls(MANAGER, line=10)
    new_version.cls(MANAGER, line=14)
    assert not findings("SSOT101", old_version, new_version)


def test_two_class_objects_of_one_name_in_one_process_are_told_apart() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls(MANAGER)
    (finding,) = findings("SSOT101", program, by=CANONICAL)
    assert finding.count == 2
    assert f"{MANAGER} exists as 2 class objects" in finding.message
    assert f"chat/ws/manager.py:10 {MANAGER} (class object no. 2), never constructed (canonical)" in told(
        finding
    )


def test_a_file_that_was_loaded_under_two_names_is_told() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("ws.manager:WebSocketManager", file="chat/ws/manager.py")
    (finding,) = findings("SSOT101", program)
    assert (
        "chat/ws/manager.py was loaded under the module names chat.ws.manager and ws.manager."
        in finding.message
    )


def test_a_class_that_is_bound_nowhere_counts_once_it_is_constructed() -> None:
    program = Program()
    program.cls(MANAGER)
    program.constructs("chat/views.py:9", "chat.dynamic:WebSocketManager")  # without a class record
    (finding,) = findings("SSOT101", program)
    assert finding.count == 2


def test_what_is_no_implementation_is_set_aside_and_listed() -> None:
    program = Program()
    program.cls(MANAGER)
    for trait in ("abstract", "protocol", "exception", "enum", "typed-dict", "test-double"):
        program.cls(f"chat.{trait.replace('-', '_')}:WebSocketManager", traits=(trait,))
    assert not findings("SSOT101", program)
    program.cls(OLD)
    (finding,) = findings("SSOT101", program)
    assert finding.count == 2
    assert "chat/protocol.py:10 not counted: chat.protocol:WebSocketManager (protocol)" in told(finding)
    assert len(finding.evidence) == 8


def test_a_test_double_counts_when_the_policy_names_it() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("tests.doubles:FakeWebSocketManager", traits=("test-double",))
    named = concept(classes=("*WebSocketManager", "FakeWebSocketManager"))
    assert not findings("SSOT101", program)
    assert findings("SSOT101", program, by=policy(named))


def test_subclasses_of_the_canonical_class_are_set_aside() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("chat.audit:AuditedWebSocketManager", bases=(MANAGER,))
    assert not findings("SSOT101", program, by=CANONICAL)


def test_without_a_canonical_class_only_the_top_of_an_inheritance_tree_counts() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("chat.a:AWebSocketManager", bases=(MANAGER,))
    program.cls("chat.b:BWebSocketManager", bases=("chat.a:AWebSocketManager", MANAGER))
    assert not findings("SSOT101", program)


def test_two_implementations_of_one_abstract_base_both_count() -> None:
    program = Program()
    program.cls("chat.base:WebSocketManager", traits=("abstract",))
    program.cls("chat.a:AWebSocketManager", bases=("chat.base:WebSocketManager",))
    program.cls("chat.b:BWebSocketManager", bases=("chat.base:WebSocketManager",))
    (finding,) = findings("SSOT101", program)
    assert finding.count == 2


def test_a_class_that_makes_instances_of_the_concept_is_set_aside() -> None:
    registry = "chat.ws.registry:WebSocketManagerRegistry"
    program = Program()
    program.cls(MANAGER)
    program.cls(registry)
    assert findings("SSOT101", program)
    program.hands_out("chat/views.py:9", f"{registry}.get", kind="method")
    assert not findings("SSOT101", program)


def test_a_class_that_makes_its_own_instances_counts() -> None:
    program = two_managers()
    program.hands_out("chat/views.py:9", f"{OLD}.instance", OLD, kind="method")
    assert findings("SSOT101", program)


def test_a_class_that_another_concept_names_belongs_to_that_one() -> None:
    program = two_managers()
    assert not findings("SSOT101", program, by=policy(concept(), concept("old", classes=(OLD,))))


def test_a_canonical_path_may_be_a_re_export_of_a_class_of_another_name() -> None:
    program = Program()
    program.cls("chat.ws.impl:_Impl")
    program.bind("chat.ws:WebSocketManager", "chat.ws.impl:_Impl")
    program.cls(OLD)
    (finding,) = findings("SSOT101", program, by=policy(concept(canonical="chat.ws:WebSocketManager")))
    assert finding.subject == "chat.ws:WebSocketManager"
    assert told(finding)[0] == "chat/ws/impl.py:10 chat.ws.impl:_Impl, never constructed (canonical)"


def test_an_inferred_concept_is_at_most_a_warning_and_says_how_to_declare_it() -> None:
    program = Program()
    program.cls("chat.a:SocketManager")
    program.cls("chat.b:SocketManager")
    (finding,) = findings("SSOT101", program, by=Policy())
    assert finding.severity is Severity.WARNING
    assert (
        'declare [[concept]] name = "socket-manager" with canonical = "chat.a:SocketManager"'
        in finding.message
    )


def test_test_doubles_are_set_aside_where_the_concept_was_inferred() -> None:
    program = Program()
    program.cls("chat.a:SocketManager")
    program.cls("tests.b:SocketManager", traits=("test-double",))
    assert not findings("SSOT101", program, by=Policy())
