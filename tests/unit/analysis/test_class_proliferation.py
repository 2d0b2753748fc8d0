from __future__ import annotations

from unit.analysis.build import MANAGER, Program, Source, concept, findings, policy, told

from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy

OLD = "chat.ws.old:WebSocketManager"
LAB = "chat.lab:FancyWebSocketManager"


def source_of(*names: str) -> Source:
    source = Source()
    for name in names:
        source.cls(name)
    return source


def running(*names: str) -> Program:
    program = Program()
    for name in names:
        program.cls(name)
    return program


def test_classes_that_never_load_are_counted_with_those_that_do() -> None:
    program = running(MANAGER)
    program.constructs("chat/views.py:9", MANAGER, count=3)
    (found,) = findings("SSOT109", program, source=source_of(MANAGER, OLD, LAB))
    assert found.severity == Severity.WARNING
    assert found.message == (
        "3 classes in the source match websocket-manager, 1 allowed; "
        "1 loaded, 1 of them constructed, 2 never loaded (origin: static)."
    )
    assert told(found) == [
        f"chat/ws/manager.py:10 {MANAGER}, constructed 3 times",
        f"chat/lab.py:10 {LAB}, never loaded",
        f"chat/ws/old.py:10 {OLD}, never loaded",
    ]


def test_classes_that_all_load_are_counted_without_any_being_static_only() -> None:
    (found,) = findings("SSOT109", running(MANAGER, OLD), source=source_of(MANAGER, OLD))
    assert "origin: static" not in found.message


def test_what_only_source_shows_is_a_note() -> None:
    (found,) = findings("SSOT109", running("chat.other:Thing"), source=source_of(MANAGER, OLD))
    assert found.severity == Severity.NOTE
    assert "none of them was seen loaded while recording (origin: static)" in found.message


def test_a_class_whose_file_runs_as_the_program_is_loaded() -> None:
    program = Program()
    program.cls("__main__:WebSocketManager", file="chat/ws/manager.py")
    program.constructs("chat/ws/manager.py:30", "__main__:WebSocketManager")
    (found,) = findings("SSOT109", program, source=source_of(MANAGER, OLD))
    assert "1 loaded, 1 of them constructed, 1 never loaded" in found.message


def test_of_classes_outside_of_first_party_packages_nobody_says_that_they_never_loaded() -> None:
    other = "tools.ws:WebSocketManager"  # only `chat` is first-party
    (found,) = findings("SSOT109", running(MANAGER), source=source_of(MANAGER, other))
    assert "1 in files that are not observed (origin: static)" in found.message
    assert told(found)[-1] == f"tools/ws.py:10 {other}, not observed"


def test_an_inferred_concept_says_how_to_declare_it() -> None:
    (found,) = findings("SSOT109", running(MANAGER), source=source_of(MANAGER, OLD), by=Policy())
    assert "declare [[concept]]" in found.message


def test_as_many_classes_as_are_allowed_are_silent() -> None:
    by = policy(concept(max_classes=2))
    assert not findings("SSOT109", running(MANAGER), source=source_of(MANAGER, OLD), by=by)


def test_subclasses_and_classes_that_implement_nothing_are_silent() -> None:
    source = source_of(MANAGER)
    source.cls("chat.ws.sub:RichWebSocketManager", bases=(MANAGER,))
    source.cls("chat.ws.base:BaseWebSocketManager", traits=("abstract",))
    source.cls("chat.ws.types:WebSocketManagerLike", traits=("protocol",))
    source.cls("tests.fakes:FakeWebSocketManager", traits=("test-double",))
    assert not findings("SSOT109", running(MANAGER), source=source)


def test_classes_of_another_concept_are_silent() -> None:
    source = source_of(MANAGER, "chat.db:SessionStore", "chat.cache:SessionStore")
    assert not findings("SSOT109", running(MANAGER), source=source)


def test_without_a_scan_there_is_nothing_to_count() -> None:
    assert not findings("SSOT109", running(MANAGER, OLD))
