from __future__ import annotations

from unit.analysis.build import GET_MANAGER, MANAGER, Program, concept, findings, policy, told

from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy

CREATE, OLD = "chat.agents:AgentFactory.create", "chat.old:get_old_manager"
DECLARED = policy(concept(factories=(GET_MANAGER,)))


def managers() -> Program:
    program = Program()
    program.cls(MANAGER)
    return program


def test_a_function_that_calls_the_getter_and_the_constructor_is_found_with_both_lines() -> None:
    program = managers()
    program.hands_out("chat/agents.py:12", count=2, inside="create")
    program.constructs("chat/agents.py:14", inside="create", count=3)
    (finding,) = findings("SSOT204", program, by=DECLARED)
    assert (finding.subject, finding.severity, finding.count) == (
        "chat.agents:create",
        Severity.ERROR,
        5,
    )
    assert finding.message == f"Obtains websocket-manager in 2 ways: {GET_MANAGER} and the constructor."
    assert told(finding) == [
        f"chat/agents.py:12 calls {GET_MANAGER}, twice",
        f"chat/agents.py:14 constructs {MANAGER}, 3 times",
    ]


def test_two_getters_under_one_caller_are_found() -> None:
    program = managers()
    program.hands_out("chat/agents.py:12", inside="create")
    program.hands_out("chat/agents.py:13", OLD, inside="create")
    (finding,) = findings("SSOT204", program)
    assert finding.message == f"Obtains websocket-manager in 2 ways: {OLD} and {GET_MANAGER}."


def test_a_getter_inside_of_what_the_caller_constructs_counts_as_its_own() -> None:
    program = managers()
    program.hands_out(
        "chat/bridge.py:5", inside="Bridge.__init__", within=("chat.agents:create@chat/agents.py:12",)
    )
    program.constructs("chat/agents.py:14", inside="create")
    (finding,) = findings("SSOT204", program)
    assert finding.subject == "chat.agents:create"
    assert told(finding) == [
        f"chat/bridge.py:5 calls {GET_MANAGER} in what is constructed at chat/agents.py:12, once",
        f"chat/agents.py:14 constructs {MANAGER}, once",
    ]


def test_a_factory_of_something_else_is_the_caller_of_all_that_runs_below_it() -> None:
    program = managers()
    program.hands_out("chat/bridge.py:5", inside="connect", chain=(CREATE,))
    program.constructs("chat/direct.py:5", inside="attach", chain=(CREATE,))
    (finding,) = findings("SSOT204", program)
    assert finding.subject == CREATE


def test_methods_of_one_factory_class_are_one_caller() -> None:
    program = managers()
    program.hands_out("chat/agents.py:12", inside="AgentFactory.create", chain=(CREATE,))
    program.constructs("chat/agents.py:20", inside="AgentFactory.restore")
    (finding,) = findings("SSOT204", program)
    assert finding.subject == "chat.agents:AgentFactory"


def test_methods_of_a_class_that_makes_nothing_are_callers_of_their_own() -> None:
    program = managers()
    program.hands_out("chat/agents.py:12", inside="Views.show")
    program.constructs("chat/agents.py:20", inside="Views.edit")
    assert not findings("SSOT204", program)


def test_a_factory_class_that_calls_its_own_methods_is_silent() -> None:
    program = managers()
    get, create = "chat.registry:Registry.get", "chat.registry:Registry.create"
    program.constructs("chat/registry.py:9", inside="Registry.create", chain=(get, create))
    program.hands_out("chat/registry.py:5", create, chain=(get,), inside="Registry.get")
    program.hands_out("chat/views.py:5", get, origin=create)
    assert not findings("SSOT204", program)


def test_a_factory_that_passes_on_what_another_made_is_the_same_way() -> None:
    program = managers()
    program.hands_out("chat/agents.py:12", inside="create")
    program.hands_out("chat/agents.py:13", OLD, origin=GET_MANAGER, inside="create")
    program.hands_out("chat/old.py:13", chain=(OLD,), inside="get_old_manager")
    program.constructs("chat/ws/manager.py:41", chain=(OLD, GET_MANAGER), inside="get_manager")
    assert not findings("SSOT204", program)


def test_a_caller_that_constructs_what_a_getter_gives_back_later_is_silent() -> None:
    program = managers()
    program.constructs("chat/views.py:14", inside="handler")
    program.hands_out("chat/views.py:12", born="chat/views.py:14", inside="handler")
    assert not findings("SSOT204", program)


def test_a_factory_with_a_helper_that_looks_up_what_it_made_is_silent() -> None:
    program = managers()
    program.constructs("chat/ws/manager.py:14", inside="get_manager", chain=(GET_MANAGER,))
    program.hands_out(
        "chat/ws/manager.py:12", "chat.ws.manager:_cached", origin=GET_MANAGER, chain=(GET_MANAGER,)
    )
    assert not findings("SSOT204", program)


def test_what_a_factory_of_the_concept_constructs_does_not_count_for_its_callers() -> None:
    program = managers()
    program.constructs("chat/ws/manager.py:41", chain=(CREATE, GET_MANAGER), inside="get_manager")
    program.hands_out("chat/agents.py:12", chain=(CREATE,), inside="AgentFactory.create")
    assert not findings("SSOT204", program)


def test_several_declared_factories_are_silent() -> None:
    program = managers()
    program.hands_out("chat/agents.py:12", inside="create")
    program.hands_out("chat/agents.py:13", OLD, inside="create")
    assert not findings("SSOT204", program, by=policy(concept(factories=(GET_MANAGER, OLD))))


def test_two_branches_that_serve_different_concepts_are_silent() -> None:
    program = managers()
    program.cls("chat.sessions:SessionStore")
    program.hands_out("chat/agents.py:12", inside="create")
    program.constructs("chat/agents.py:13", "chat.sessions:SessionStore", inside="create")
    by = policy(concept(), concept("store", classes=("*Store",)))
    assert not findings("SSOT204", program, by=by)


def test_the_constructors_of_two_classes_are_no_two_ways() -> None:
    program = managers()
    program.cls("chat.fast:FastWebSocketManager")
    program.constructs("chat/agents.py:12", inside="create")
    program.constructs("chat/agents.py:13", "chat.fast:FastWebSocketManager", inside="create")
    assert not findings("SSOT204", program)


def test_one_call_that_reaches_methods_of_many_classes_is_one_way() -> None:
    program = managers()
    for number in range(3):
        program.hands_out("chat/views.py:9", f"chat.views:View{number}.get", inside="dispatch")
    assert not findings("SSOT204", program)
    program.hands_out("chat/views.py:12", inside="dispatch")
    (finding,) = findings("SSOT204", program)
    assert finding.message == f"Obtains websocket-manager in 2 ways: chat.views:View0.get and {GET_MANAGER}."


def test_a_line_with_two_calls_is_two_ways() -> None:
    program = managers()
    for number in range(2):
        program.hands_out("chat/views.py:9", f"chat.views:View{number}.get", inside="dispatch")
    assert len(findings("SSOT204", program)) == 1


def test_callers_around_one_that_is_told_are_told_for_calls_of_their_own_only() -> None:
    program = managers()
    outer, other = "chat.app:serve", "chat.app:other"
    program.hands_out("chat/agents.py:12", inside="create", chain=(outer,))
    program.constructs("chat/agents.py:14", inside="create", chain=(outer,))
    program.hands_out("chat/forbidden.py:8", OLD, inside="refuse", chain=(outer,))
    assert [finding.subject for finding in findings("SSOT204", program)] == ["chat.agents:create"]
    program.hands_out("chat/agents.py:12", inside="create", chain=(other,))
    program.hands_out("chat/app.py:8", OLD, inside="other")
    assert [finding.subject for finding in findings("SSOT204", program)] == ["chat.agents:create", other]


def test_the_top_level_of_a_module_is_no_caller() -> None:
    program = managers()
    program.hands_out("main.py:12", inside="<module>")
    program.constructs("main.py:13", inside="<module>")
    assert not findings("SSOT204", program)


def test_functions_of_one_name_in_two_modules_are_two_callers() -> None:
    program = managers()
    program.hands_out("chat/agents.py:12", inside="create")
    program.constructs("chat/other.py:13", inside="create")
    assert not findings("SSOT204", program)


def test_an_inferred_concept_is_at_most_warned_of() -> None:
    program = managers()
    program.hands_out("chat/agents.py:12", inside="create")
    program.constructs("chat/agents.py:14", inside="create")
    (finding,) = findings("SSOT204", program, by=Policy())
    assert finding.severity is Severity.WARNING
    assert f'factories = ["{GET_MANAGER}"]' in finding.message
