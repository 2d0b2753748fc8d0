from __future__ import annotations

from unit.analysis.build import MANAGER, Program, concept, findings, policy, told

from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy

COMPAT = "chat.ws.compat:WebSocketManager"
PACKAGE = "chat.ws:WebSocketManager"
CANONICAL = policy(concept(canonical=MANAGER))


def re_exported() -> Program:
    """A class that `chat.ws.compat` passes on."""
    program = Program()
    program.cls(MANAGER)
    program.imports("chat/ws/compat.py:5", MANAGER)
    program.bind(COMPAT, MANAGER)
    return program


def test_two_paths_to_one_class_are_a_finding_with_every_importer() -> None:
    program = re_exported()
    program.imports("chat/views.py:3", COMPAT, count=4)
    program.imports("chat/admin.py:8", MANAGER)
    (finding,) = findings("SSOT104", program)
    assert (finding.subject, finding.severity, finding.count) == (MANAGER, Severity.WARNING, 2)
    assert finding.message == f"{MANAGER} is imported along 2 paths, 1 allowed: {COMPAT} and {MANAGER}."
    assert told(finding) == [
        "chat/views.py:3 imports WebSocketManager from chat.ws.compat, 4 times",
        "chat/admin.py:8 imports WebSocketManager from chat.ws.manager, once",
    ]


def test_a_re_export_that_everybody_uses_is_one_path() -> None:
    program = re_exported()
    program.imports("chat/views.py:3", COMPAT)
    assert not findings("SSOT104", program)


def test_the_canonical_path_counts_though_nobody_uses_it() -> None:
    program = re_exported()
    program.imports("chat/views.py:3", COMPAT)
    (finding,) = findings("SSOT104", program, by=CANONICAL)
    assert told(finding) == [
        f"canonical path {MANAGER}, imported by modules that pass it on, and by nobody else",
        "chat/views.py:3 imports WebSocketManager from chat.ws.compat, once",
    ]


def test_a_re_export_that_nobody_uses_is_a_consumer_of_the_one_path() -> None:
    assert not findings("SSOT104", re_exported(), by=CANONICAL)


def test_the_package_re_export_that_is_declared_canonical_is_silent() -> None:
    program = Program()
    program.cls(MANAGER)
    program.imports("chat/ws/__init__.py:1", MANAGER)
    program.bind(PACKAGE, MANAGER)
    declared = policy(concept(canonical=PACKAGE))
    assert not findings("SSOT104", program, by=declared)
    program.imports("chat/views.py:3", PACKAGE)
    assert not findings("SSOT104", program, by=declared)
    program.imports("chat/admin.py:3", MANAGER)
    assert findings("SSOT104", program, by=declared)


def test_a_class_under_another_name_is_another_path() -> None:
    program = Program()
    program.cls(MANAGER)
    program.bind("chat.ws.manager:Manager", MANAGER)
    program.imports("chat/views.py:3", MANAGER)
    program.imports("chat/admin.py:3", "chat.ws.manager:Manager")
    assert findings("SSOT104", program)


def test_as_many_paths_as_the_policy_allows_are_silent() -> None:
    program = re_exported()
    program.imports("chat/views.py:3", COMPAT)
    assert not findings("SSOT104", program, by=policy(concept(canonical=MANAGER, max_paths=2)))


def test_imports_that_failed_or_were_made_by_a_tool_are_silent() -> None:
    program = re_exported()
    program.imports("chat/views.py:3", COMPAT, outcome="failed")
    program.imports("chat/admin.py:3", COMPAT, origin="sweep")
    assert not findings("SSOT104", program, by=CANONICAL)


def test_fetching_a_submodule_is_no_path_to_a_class() -> None:
    program = re_exported()
    program.imports("chat/views.py:3", "chat.ws:manager")
    program.imports("chat/views.py:4", MANAGER)
    assert not findings("SSOT104", program, by=CANONICAL)


def test_star_imports_count_for_what_they_bind() -> None:
    program = re_exported()
    program.imports("chat/views.py:3", "chat.ws.compat:*")
    program.bind("chat.views:WebSocketManager", MANAGER)
    assert findings("SSOT104", program, by=CANONICAL)


def test_a_forked_child_knows_the_names_of_its_parent() -> None:
    parent, child = re_exported(), Program("p2")
    child.imports("chat/views.py:3", COMPAT, inside="handler")
    assert findings("SSOT104", parent, child, by=CANONICAL)


def test_many_importers_are_cut_and_counted() -> None:
    program = re_exported()
    for line in range(30):
        program.imports(f"chat/views.py:{line + 1}", COMPAT)
    program.imports("chat/admin.py:3", MANAGER)
    (finding,) = findings("SSOT104", program)
    assert len(finding.evidence) <= 22
    assert told(finding)[-2:] == [
        "and 20 more places",
        "chat/admin.py:3 imports WebSocketManager from chat.ws.manager, once",
    ]


def test_each_class_of_a_concept_is_judged_for_itself() -> None:
    program = re_exported()
    program.cls("chat.old:OldWebSocketManager")
    program.imports("chat/views.py:3", COMPAT)
    program.imports("chat/views.py:4", "chat.old:OldWebSocketManager")
    assert not findings("SSOT104", program)


def test_an_inferred_concept_says_how_to_declare_it() -> None:
    program = Program()
    program.cls("chat.a:SocketManager")
    program.bind("chat.b:SocketManager", "chat.a:SocketManager")
    program.imports("chat/views.py:3", "chat.a:SocketManager")
    program.imports("chat/admin.py:3", "chat.b:SocketManager")
    (finding,) = findings("SSOT104", program, by=Policy())
    assert 'declare [[concept]] name = "socket-manager"' in finding.message
