from __future__ import annotations

from unit.analysis.build import MANAGER, Program, concept, findings, policy, told

from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy

OLD = "chat.ws.old:WebSocketManager"
CANONICAL = policy(concept(canonical=MANAGER))


def test_one_name_for_two_classes_is_one_finding_with_a_line_for_each_path() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls(OLD, line=7)
    program.imports("chat/views.py:3", OLD, count=2)
    (finding,) = findings("SSOT103", program, by=CANONICAL)
    assert (finding.subject, finding.severity, finding.count) == (MANAGER, Severity.ERROR, 2)
    assert told(finding) == [
        f"chat/ws/manager.py:10 {MANAGER} is {MANAGER}",
        f"chat/ws/old.py:7 {OLD} is {OLD}",
        "chat/views.py:3 imports WebSocketManager from chat.ws.old, twice",
    ]


def test_without_the_canonical_path_the_first_path_is_the_subject() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("chat.a:WebSocketManager")
    (finding,) = findings("SSOT103", program)
    assert finding.subject == "chat.a:WebSocketManager"


def test_a_renamed_re_export_makes_a_name_ambiguous_once_somebody_imports_it() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("chat.ws.compat:_Impl_WebSocketManager", bound=False)
    program.bind("chat.ws.compat:WebSocketManager", "chat.ws.compat:_Impl_WebSocketManager")
    assert not findings("SSOT103", program)
    program.imports("chat/views.py:3", "chat.ws.compat:WebSocketManager")
    assert findings("SSOT103", program)


def test_a_star_import_counts_for_the_names_that_both_modules_bind() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("chat.ws.impl:_OldWebSocketManager")
    program.bind("chat.ws.compat:WebSocketManager", "chat.ws.impl:_OldWebSocketManager")
    program.imports("chat/views.py:3", "chat.ws.compat:*")
    assert not findings("SSOT103", program)
    program.bind("chat.views:WebSocketManager", "chat.ws.impl:_OldWebSocketManager")
    (finding,) = findings("SSOT103", program)
    assert "chat/views.py:3 imports WebSocketManager from chat.ws.compat, once" in told(finding)


def test_a_name_that_a_module_only_answers_for_is_what_its_importer_received() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("chat.ws.impl:_OldWebSocketManager")
    program.bind("chat.views:WebSocketManager", "chat.ws.impl:_OldWebSocketManager")
    program.imports("chat/views.py:3", "chat.ws:WebSocketManager")  # by the module's __getattr__
    (finding,) = findings("SSOT103", program)
    assert "chat/ws/impl.py:10 chat.ws:WebSocketManager is chat.ws.impl:_OldWebSocketManager" in told(finding)


def test_a_name_that_two_modules_may_have_given_is_not_guessed() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("chat.ws.impl:_OldWebSocketManager")
    program.bind("chat.views:WebSocketManager", "chat.ws.impl:_OldWebSocketManager")
    program.imports("chat/views.py:3", "chat.fast:WebSocketManager")
    program.imports("chat/views.py:5", "chat.slow:WebSocketManager")
    assert not findings("SSOT103", program)


def test_re_exports_of_one_class_are_silent() -> None:
    program = Program()
    program.cls(MANAGER)
    program.bind("chat.ws:WebSocketManager", MANAGER)
    program.imports("chat/views.py:3", "chat.ws:WebSocketManager")
    program.imports("chat/admin.py:3", MANAGER)
    assert not findings("SSOT103", program)


def test_the_same_program_in_two_processes_is_silent() -> None:
    programs = [Program("p1"), Program("p2")]
    for program in programs:
        program.cls("chat.other:Thing")
        program.cls(MANAGER)
        program.imports("chat/views.py:3", MANAGER)
    assert not findings("SSOT103", *programs)


def test_a_reloaded_module_is_silent_while_nobody_holds_the_old_class() -> None:
    program = Program()
    first = program.cls(MANAGER)
    program.cls(MANAGER)
    assert not findings("SSOT103", program)
    program.bind("chat.views:WebSocketManager", MANAGER, serial=first)
    program.imports("chat/admin.py:3", "chat.views:WebSocketManager")
    assert findings("SSOT103", program)


def test_private_names_are_silent() -> None:
    program = Program()
    program.cls("chat.a:_WebSocketManager")
    program.cls("chat.b:_WebSocketManager")
    assert not findings("SSOT103", program)


def test_a_failed_import_and_a_tool_that_walks_modules_are_silent() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("chat.ws.compat:OldWebSocketManager")
    program.bind("chat.ws.compat:WebSocketManager", "chat.ws.compat:OldWebSocketManager")
    program.imports("chat/views.py:3", "chat.ws.compat:WebSocketManager", outcome="failed")
    program.imports("chat/views.py:3", "chat.ws.compat:WebSocketManager", origin="sweep")
    assert not findings("SSOT103", program)


def test_a_class_of_another_concept_may_carry_the_name() -> None:
    program = Program()
    program.cls(MANAGER)
    audit = "chat.audit:WebSocketManager"
    program.cls(audit, bases=(MANAGER,))
    program.imports("chat/views.py:3", audit)
    assert not findings("SSOT103", program, by=policy(concept(), concept("audit", classes=(audit,))))


def test_a_base_that_only_its_subclass_of_the_same_name_imports_is_silent() -> None:
    program = Program()
    base = "chat.base:WebSocketManager"
    program.cls(base)
    program.cls(MANAGER, bases=(base,))
    program.imports("chat/ws/manager.py:1", base)
    program.imports("chat/views.py:3", MANAGER)
    assert not findings("SSOT103", program)
    program.imports("chat/admin.py:3", base)
    assert findings("SSOT103", program)


def test_an_inferred_concept_is_at_most_a_warning() -> None:
    program = Program()
    program.cls("chat.a:SocketManager")
    program.cls("chat.b:SocketManager")
    (finding,) = findings("SSOT103", program, by=Policy())
    assert finding.severity is Severity.WARNING
    assert "declare [[concept]]" in finding.message
