from __future__ import annotations

from unit.analysis.build import MANAGER, Program, Source, concept, judged, policy, recording_of

from ssot_probe.analysis.migration import Importer, Progress
from ssot_probe.analysis.recording import Recording

OLD = "chat.ws.old:WebSocketManager"
BY = policy(concept(canonical=MANAGER, legacy=("chat.ws.old",)))
BY_NAME = policy(concept(canonical=MANAGER, legacy=("chat.ws.compat:create_manager",)))


def program_of(*places: str) -> Program:
    program = Program()
    program.cls(OLD)
    for place in places:
        program.imports(place, OLD, count=2)
    return program


def progress(program: Program, source: Source | None = None, baseline: Recording | None = None) -> Progress:
    (found,) = judged(program, by=BY, source=source, baseline=baseline).migration
    return found


def counts(found: Progress) -> tuple[int, int, int, int]:
    return found.executed, found.not_executed, found.named, found.gone


def test_files_are_split_by_whether_their_import_ran() -> None:
    source = Source()
    source.cls(OLD)
    source.imports("chat/views.py:3", OLD)
    source.imports("chat/views.py:40", OLD, inside="rarely")
    source.imports("chat/jobs.py:2", OLD)
    source.imports("chat/types.py:2", OLD, guard="type-checking")
    found = progress(program_of("chat/views.py:3"), source)
    assert counts(found) == (1, 2, 0, 0)
    assert [
        (importer.file, importer.line, importer.state, importer.count) for importer in found.importers
    ] == [
        ("chat/views.py", 3, "executed", 2),
        ("chat/views.py", 40, "not executed", 0),
        ("chat/jobs.py", 2, "not loaded", 0),
        ("chat/types.py", 2, "type-checking", 0),
    ]


def test_without_a_scan_only_what_ran_is_known_and_that_is_said() -> None:
    found = progress(program_of("chat/views.py:3"))
    assert counts(found) == (1, 0, 0, 0)
    assert (found.is_scanned, found.is_compared) == (False, False)


def test_a_file_that_no_longer_imports_the_path_is_gone_since_the_baseline() -> None:
    before = recording_of(program_of("chat/views.py:3", "chat/admin.py:5"))
    source = Source()
    source.cls(OLD)
    source.imports("chat/views.py:3", OLD)
    found = progress(program_of("chat/views.py:3"), source, before)
    assert counts(found) == (1, 0, 0, 1)
    assert found.importers[-1] == Importer(
        "chat/admin.py", 5, "imports WebSocketManager from chat.ws.old", "gone", 2
    )


def test_without_a_scan_a_file_that_did_not_run_is_not_said_to_be_migrated() -> None:
    before = recording_of(program_of("chat/views.py:3", "chat/admin.py:5"))
    found = progress(program_of("chat/views.py:3"), None, before)
    assert (counts(found), found.not_seen) == ((1, 0, 0, 0), 1)
    assert found.importers[-1].state == "not seen"


def test_a_file_that_cannot_be_read_or_computes_its_imports_is_not_said_to_be_migrated() -> None:
    before = recording_of(program_of("chat/views.py:3", "chat/admin.py:5", "chat/plain.py:7"))
    source = Source()
    source.cannot_read("chat/views.py", "line 3: invalid syntax")
    source.names("chat/admin.py:9", "", "computed-import")
    source.module("chat.plain")
    found = progress(program_of(), source, before)
    assert (found.not_seen, found.gone) == (2, 1)


def test_a_file_whose_import_only_moved_to_another_line_is_not_gone() -> None:
    before = recording_of(program_of("chat/views.py:3"))
    found = progress(program_of("chat/views.py:5"), None, before)
    assert counts(found) == (1, 0, 0, 0)


def test_what_the_baseline_only_declared_can_be_gone_too() -> None:
    declared = Source()
    declared.cls(OLD)
    declared.imports("chat/jobs.py:2", OLD)
    found = progress(program_of(), Source(), recording_of(Program(), source=declared))
    assert counts(found) == (0, 0, 0, 1)


def test_strings_that_name_the_path_are_listed_apart() -> None:
    source = Source()
    source.names("chat/settings.py:8", OLD)
    source.names("setup.cfg:3", "chat.ws.old", "entry-point")
    source.names("chat/ws/old.py:1", "chat.ws.old", "deprecated")
    source.names("chat/settings.py:9", "chat.ws.older")
    found = progress(program_of(), source)
    assert counts(found) == (0, 0, 2, 0)
    assert found.importers[0].what == f"names {OLD} (string)"


def test_imports_inside_the_legacy_package_itself_do_not_hold_it_up() -> None:
    source = Source()
    source.imports("chat/ws/old/tools.py:2", OLD)
    found = progress(program_of("chat/ws/old/part.py:4"), source)
    assert counts(found) == (0, 0, 0, 0)


def test_one_statement_is_one_importer_though_it_names_package_module_and_class() -> None:
    program = program_of()
    program.imports("chat/views.py:3", "chat.ws:old")
    program.imports("chat/views.py:3", "chat.ws.old")
    found = progress(program)
    assert [(importer.line, importer.count) for importer in found.importers] == [(3, 1)]


def test_a_name_in_a_module_has_its_own_importers() -> None:
    program, source = Program(), Source()
    program.cls(MANAGER)
    program.function("chat.ws.compat:create_manager")
    program.imports("chat/views.py:3", "chat.ws.compat:create_manager")
    program.imports("chat/views.py:4", "chat.ws.compat:something_else")
    source.imports("chat/views.py:3", "chat.ws.compat:create_manager")
    source.imports("chat/jobs.py:3", "chat.ws.compat:create_manager")
    source.imports("chat/jobs.py:4", "chat.ws.compat:something_else")
    (found,) = judged(program, by=BY_NAME, source=source).migration
    assert [(importer.file, importer.line, importer.state) for importer in found.importers] == [
        ("chat/views.py", 3, "executed"),
        ("chat/jobs.py", 3, "not loaded"),
    ]


def test_a_path_whose_imports_cannot_be_observed_says_so() -> None:
    program = program_of()
    assert progress(program).unseen == ""
    program.is_blind_to("imports of chat.ws.old", "it was put into sys.modules without a spec")
    assert progress(program).unseen == "it was put into sys.modules without a spec"
