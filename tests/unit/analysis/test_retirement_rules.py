"""SSOT601 and SSOT602: what the report says of legacy paths that are not in use, or gone."""

from __future__ import annotations

from unit.analysis.build import Program, Source, concept, findings, policy, told

from ssot_probe.model.finding import Severity

OLD, NAME = "chat.ws.old", "chat.ws.compat:create_manager"
BY = policy(concept(legacy=(OLD, NAME)))


def watching(*paths: str, kind: str = "unknown") -> Program:
    program = Program()
    program.module("chat.app")
    for path in paths:
        program.watches(path, kind)
    return program


def test_a_legacy_path_that_nobody_uses_is_told_with_its_verdict_and_what_that_rests_on() -> None:
    program = watching(OLD)
    program.stop()
    (finding,) = findings("SSOT601", program, by=BY)
    assert (finding.subject, finding.severity, finding.concept) == (OLD, Severity.NOTE, "websocket-manager")
    assert finding.message.startswith("VOID, grade E. No use of it was seen")
    assert "watched in 1 process, without a day of valid evidence" in told(finding)
    assert any(line.startswith("void: ") for line in told(finding))


def test_a_legacy_path_in_use_is_the_affair_of_another_rule() -> None:
    program = watching(OLD)
    program.constructs("chat/views.py:9", f"{OLD}:Thing")
    assert not findings("SSOT601", program, by=BY)
    assert findings("SSOT108", program, by=BY)


def test_a_legacy_path_that_nobody_watched_is_silent() -> None:
    assert not findings("SSOT601", watching(), by=BY)


def test_a_policy_without_legacy_paths_is_silent() -> None:
    assert not findings("SSOT601", watching(OLD))


def test_an_importer_that_did_not_run_is_told_with_its_place() -> None:
    source = Source()
    source.module("chat.app")
    source.imports("chat/jobs.py:4", OLD, inside="monthly")
    (finding,) = findings("SSOT601", watching(OLD), by=BY, source=source)
    assert "chat/jobs.py:4 imports chat.ws.old (not loaded)" in told(finding)


def test_an_import_of_a_path_that_is_gone_is_an_error_with_its_importer() -> None:
    program = watching(OLD, kind="absent")
    program.imports("chat/views.py:9", OLD, outcome="failed", count=2)
    (finding,) = findings("SSOT602", program, by=BY)
    assert (finding.subject, finding.severity, finding.count) == (OLD, Severity.ERROR, 2)
    assert finding.message.startswith("Imported in vain twice from 1 place")
    assert finding.message.endswith("it is not there.")
    assert told(finding) == [
        "chat/views.py:9 imports chat.ws.old, in vain, twice: "
        "ModuleNotFoundError: no module named chat.ws.old"
    ]


def test_a_name_that_its_module_binds_no_more_is_gone_too() -> None:
    program = watching(NAME, kind="absent")
    program.module("chat.ws.compat")
    program.imports("chat/views.py:9", NAME, outcome="failed")
    (finding,) = findings("SSOT602", program, by=BY)
    assert finding.message.endswith("its module does not bind it.")
    (line,) = told(finding)
    assert line.endswith("once: ImportError: cannot import name create_manager from chat.ws.compat")


def test_a_module_that_its_package_is_asked_for_fails_as_a_name() -> None:
    program = watching(OLD, kind="absent")
    program.imports("chat/views.py:9", "chat.ws:old", outcome="failed")
    (finding,) = findings("SSOT602", program, by=BY)
    assert told(finding)[0].endswith("ImportError: cannot import name old from chat.ws")


def test_other_names_of_the_module_are_not_meant() -> None:
    program = watching(NAME, kind="absent")
    program.imports("chat/views.py:9", "chat.ws.compat:other", outcome="failed")
    assert not findings("SSOT602", program, by=BY)


def test_an_import_that_fails_inside_a_module_that_is_there_is_silent() -> None:
    program = watching(OLD)
    program.imports("chat/views.py:9", OLD, outcome="failed")
    program.imports("chat/ws/old.py:1", "missing_dependency", outcome="failed")
    assert not findings("SSOT602", program, by=BY)


def test_an_optional_import_is_told_as_such() -> None:
    source = Source()
    source.imports("chat/views.py:9", OLD, guard="try")
    program = watching(OLD, kind="absent")
    program.imports("chat/views.py:9", OLD, outcome="failed")
    (finding,) = findings("SSOT602", program, by=BY, source=source)
    assert told(finding) == [
        "chat/views.py:9 imports chat.ws.old, in vain, behind try and except, once: "
        "ModuleNotFoundError: no module named chat.ws.old"
    ]


def test_a_path_that_is_gone_and_that_nobody_wants_is_silent() -> None:
    assert not findings("SSOT602", watching(OLD, kind="absent"), by=BY)
