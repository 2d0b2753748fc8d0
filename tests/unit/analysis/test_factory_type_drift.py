from __future__ import annotations

from unit.analysis.build import GET_MANAGER, MANAGER, Program, concept, findings, policy, told

from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy

OTHER, GET_OTHER = "chat.other:OldWebSocketManager", "chat.other:get_old_manager"
CANONICAL = policy(concept(canonical=MANAGER))


def two_factories(bases: tuple[str, ...] = (), other: str = OTHER) -> Program:
    program = Program()
    program.cls(MANAGER)
    program.cls(other, line=20, bases=bases)
    program.hands_out("chat/views.py:9", GET_MANAGER, count=5)
    program.hands_out("chat/admin.py:7", GET_OTHER, other)
    return program


def test_factories_of_unrelated_classes_are_one_finding_with_the_class_of_each() -> None:
    (finding,) = findings("SSOT202", two_factories())
    assert (finding.concept, finding.severity, finding.count) == ("websocket-manager", Severity.ERROR, 2)
    assert told(finding) == [
        f"chat/other.py:40 {GET_OTHER} handed out {OTHER} (chat/other.py:20), once",
        f"chat/admin.py:7 calls {GET_OTHER}",
        f"chat/ws/manager.py:40 {GET_MANAGER} handed out {MANAGER} (chat/ws/manager.py:10), 5 times",
        f"chat/views.py:9 calls {GET_MANAGER}",
    ]


def test_a_subclass_of_the_canonical_class_is_silent() -> None:
    assert not findings("SSOT202", two_factories(bases=(MANAGER,)), by=CANONICAL)
    assert findings("SSOT202", two_factories(), by=CANONICAL)


def test_a_subclass_is_silent_without_a_canonical_class_too() -> None:
    assert not findings("SSOT202", two_factories(bases=(MANAGER,)))


def test_classes_with_one_base_that_matches_the_concept_are_silent() -> None:
    base = "chat.base:BaseWebSocketManager"
    program = Program()
    program.cls(base, traits=("abstract",))
    program.cls(MANAGER, bases=(base,))
    program.cls(OTHER, bases=(base,))
    program.hands_out("chat/views.py:9", GET_MANAGER)
    program.hands_out("chat/admin.py:7", GET_OTHER, OTHER)
    assert not findings("SSOT202", program)
    assert findings("SSOT202", program, by=CANONICAL), "the canonical class is declared: its sibling is none"


def test_a_base_outside_of_the_concept_unites_nothing() -> None:
    program = Program()
    program.cls(MANAGER, bases=("chat.base:Component",))
    program.cls(OTHER, bases=("chat.base:Component",))
    program.hands_out("chat/views.py:9", GET_MANAGER)
    program.hands_out("chat/admin.py:7", GET_OTHER, OTHER)
    assert findings("SSOT202", program)


def test_two_class_objects_of_one_name_are_two_classes() -> None:
    program = Program()
    first = program.cls(MANAGER)
    program.hands_out("chat/views.py:9", GET_MANAGER)
    assert program.cls(MANAGER) != first
    program.hands_out("chat/admin.py:7", GET_OTHER)
    (finding,) = findings("SSOT202", program)
    assert finding.count == 2


def test_one_factory_that_hands_out_unrelated_classes_drifts_too() -> None:
    program = two_factories()
    program.records = [record for record in program.records if getattr(record, "maker", "") != GET_OTHER]
    program.hands_out("chat/views.py:10", GET_MANAGER, OTHER)
    (finding,) = findings("SSOT202", program)
    assert finding.message.startswith("1 factory of websocket-manager hands out instances of 2 classes")


def test_of_factories_that_call_each_other_the_outermost_is_named() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls(OTHER)
    outer = "chat.ws.factory:create_manager"
    for maker, cls in ((GET_MANAGER, MANAGER), (GET_OTHER, OTHER)):
        program.hands_out("chat/ws/factory.py:9", maker, cls, chain=(outer,))
        program.hands_out("chat/views.py:9", outer, cls, origin=maker)
    (finding,) = findings("SSOT202", program)
    assert not any(GET_OTHER in line for line in told(finding))


def test_as_many_classes_as_the_policy_allows_are_silent() -> None:
    assert not findings("SSOT202", two_factories(), by=policy(concept(max_classes=2)))


def test_factories_of_different_concepts_are_silent() -> None:
    by = policy(concept(classes=("WebSocketManager",)), concept("old", classes=("OldWebSocketManager",)))
    assert not findings("SSOT202", two_factories(), by=by)


def test_an_inferred_concept_is_at_most_warned_of() -> None:
    (finding,) = findings("SSOT202", two_factories(), by=Policy())
    assert finding.severity is Severity.WARNING
    assert "canonical = " in finding.message
