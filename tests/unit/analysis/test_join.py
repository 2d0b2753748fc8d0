from __future__ import annotations

import pytest
from unit.analysis.build import MANAGER, START, Program, Source, recording_of

from ssot_probe.analysis.join import Join, join
from ssot_probe.analysis.undeclared import UNEXPLAINED
from ssot_probe.model.records import ClassRecord, ModuleRecord, ProcessRecord

OLD = "chat.ws.old:WebSocketManager"


def joined(program: Program, source: Source) -> Join:
    found = join(recording_of(program, source=source))
    assert found is not None
    return found


def states(program: Program, source: Source) -> dict[str, str]:
    return {
        f"{declared.record.site.file}:{declared.record.site.line}": declared.state
        for declared in joined(program, source).imports
    }


def reasons(program: Program, source: Source) -> dict[str, str]:
    return {found.what: found.why for found in joined(program, source).unmatched}


def test_without_a_scan_there_is_nothing_to_join() -> None:
    assert join(recording_of(Program())) is None


def test_an_import_is_executed_or_in_a_loaded_file_or_not_even_loaded() -> None:
    program, source = Program(), Source()
    program.cls(OLD)
    program.imports("chat/views.py:3", OLD)
    for place in ("chat/views.py:3", "chat/views.py:9", "chat/jobs.py:2"):
        source.imports(place, OLD, inside="<module>" if place.endswith((":3", ":2")) else "index")
    assert states(program, source) == {
        "chat/views.py:3": "executed",
        "chat/views.py:9": "not executed",
        "chat/jobs.py:2": "not loaded",
    }


def test_imports_of_modules_that_are_not_watched_are_not_said_to_be_dead() -> None:
    program, source = Program(), Source()
    program.module("chat.views")
    program.module("chat.plain")
    source.module("chat.plain")
    source.module("chat.never")
    source.imports("chat/views.py:1", "json", inside="index")
    source.imports("chat/views.py:2", "chat.plain", guard="branch")
    source.imports("chat/views.py:3", "chat.never", guard="branch")
    assert states(program, source) == {
        "chat/views.py:1": "not observed",
        "chat/views.py:2": "not observed",
        "chat/views.py:3": "not executed",  # a module of the project that was never loaded
    }


def test_an_import_that_was_told_though_its_module_is_not_watched_says_nothing_of_others() -> None:
    program, source = Program(), Source()
    program.module("chat.plain")
    program.imports("chat/views.py:3", "chat.plain", outcome="loaded", inside="index")
    source.module("chat.plain")
    source.imports("chat/views.py:3", "chat.plain", inside="index")
    source.imports("chat/views.py:9", "chat.plain", inside="other")
    assert states(program, source) == {"chat/views.py:3": "executed", "chat/views.py:9": "not observed"}


def test_only_of_modules_that_every_process_watched_imports_are_said_not_to_have_run() -> None:
    source = Source()
    source.module("chat.ws.old")
    source.imports("chat/views.py:9", "chat.ws.old:LIMIT", inside="index")

    def state(*watched: bool) -> list[str]:
        programs = [Program(f"p{number}") for number in range(len(watched))]
        for program, is_watched in zip(programs, watched):
            program.module("chat.ws.old", watched=is_watched)
            program.module("chat.views")
        found = join(recording_of(*programs, source=source))
        assert found is not None
        return [declared.state for declared in found.imports]

    assert state(True, True) == ["not executed"]
    assert state(True, False) == ["not observed"]


def test_a_scanned_module_of_no_first_party_package_may_have_been_loaded_untold() -> None:
    program, source = Program(), Source()  # of which `chat` is first-party
    program.module("chat.views")
    for module in ("chat.never", "tests.never"):
        source.module(module)
    source.imports("chat/views.py:2", "chat.never", inside="index")
    source.imports("chat/views.py:3", "tests.never", inside="index")
    assert states(program, source) == {
        "chat/views.py:2": "not executed",
        "chat/views.py:3": "not observed",
    }


def test_a_file_of_no_first_party_package_may_have_been_loaded_untold() -> None:
    program, source = Program(), Source()  # of which `chat` is first-party
    source.imports("chat/views.py:2", "json")
    source.imports("tests/test_views.py:2", "json")
    assert states(program, source) == {
        "chat/views.py:2": "not loaded",
        "tests/test_views.py:2": "not observed",
    }


def test_of_a_module_that_failed_to_load_nobody_knows_which_lines_ran() -> None:
    program, source = Program(), Source()
    program.imports("chat/views.py:1", "chat.broken", outcome="failed")
    source.imports("chat/views.py:1", "chat.broken", guard="try")
    source.imports("chat/broken.py:1", "json")
    assert states(program, source) == {"chat/views.py:1": "failed", "chat/broken.py:1": "not observed"}


def test_a_vendored_file_may_have_been_loaded_untold_where_packages_are_inferred() -> None:
    program, source = Program(), Source()
    program.records = [
        record._replace(packages=()) if isinstance(record, ProcessRecord) else record
        for record in program.records
    ]
    source.imports("chat/views.py:2", "json")
    source.imports("chat/_vendor/views.py:2", "json")
    assert states(program, source) == {
        "chat/views.py:2": "not loaded",
        "chat/_vendor/views.py:2": "not observed",
    }


def test_a_module_that_was_not_always_listened_to_has_no_imports_that_did_not_run() -> None:
    program, source = Program(), Source()
    program.cls(OLD)
    program.module("chat.views")
    program.is_blind_to("chat.ws.old", "imported more than 100,000 times a second")
    source.imports("chat/views.py:9", OLD, inside="index")
    assert states(program, source) == {"chat/views.py:9": "not observed"}


def test_what_nothing_guards_ran_once_its_module_was_loaded_to_the_end() -> None:
    program, source = Program(), Source()
    program.module("chat.views")
    program.module("__main__")
    source.imports("chat/views.py:1", "json")
    source.imports("chat/views.py:2", "yaml", guard="try")
    source.imports("__main__.py:1", "json")
    assert states(program, source) == {
        "chat/views.py:1": "executed",
        "chat/views.py:2": "not observed",
        "__main__.py:1": "not observed",  # a script may end, or be killed, at any line
    }


def test_what_is_unpickled_is_explained() -> None:
    program, source = Program(), Source()
    program.imports("chat/views.py:30", "chat.ws.other", origin="unpickling", inside="read")
    source.module("chat.views")
    assert reasons(program, source) == {"imports chat.ws.other": "it is unpickled there"}


def test_what_a_file_may_have_imported_before_the_probe_was_there_is_unknown() -> None:
    program, source = Program(), Source()
    program.module("chat.views", preloaded=True)
    program.cls(OLD)
    source.imports("chat/views.py:1", OLD)
    source.imports("chat/views.py:2", OLD, guard="branch")
    source.imports("chat/views.py:9", OLD, inside="index")
    assert states(program, source) == {
        "chat/views.py:1": "executed",
        "chat/views.py:2": "not observed",
        "chat/views.py:9": "not executed",
    }


def test_an_import_that_always_failed_is_not_executed() -> None:
    program, source = Program(), Source()
    program.imports("chat/views.py:3", "gone", outcome="failed")
    source.imports("chat/views.py:3", "gone", guard="try")
    assert states(program, source) == {"chat/views.py:3": "failed"}


def test_an_import_for_type_checkers_never_runs() -> None:
    program, source = Program(), Source()
    program.module("chat.views")
    source.imports("chat/views.py:3", OLD, guard="type-checking")
    assert states(program, source) == {"chat/views.py:3": "type-checking"}


def test_what_a_tool_imported_while_it_walked_the_modules_was_not_executed() -> None:
    program, source = Program(), Source()
    program.cls(OLD)
    program.imports("chat/views.py:3", OLD, origin="sweep")
    source.cls(OLD)
    source.imports("chat/views.py:3", OLD)
    assert states(program, source) == {"chat/views.py:3": "not executed"}
    assert reasons(program, source) == {}


def test_the_packages_on_the_way_to_a_module_and_its_submodules_are_declared_with_it() -> None:
    program, source = Program(), Source()
    for module in ("chat", "chat.ws", "chat.ws.old"):
        program.imports("app.py:3", module, outcome="loaded")
    program.imports("app.py:4", "chat.ws:tools")
    program.imports("app.py:4", "chat.ws.tools", outcome="loaded")
    source.imports("app.py:3", "chat.ws.old")
    source.imports("app.py:4", "chat.ws:tools")
    assert reasons(program, source) == {}


def test_files_are_compared_where_the_scan_started_in_another_directory() -> None:
    program, source = Program(), Source()
    program.add(ModuleRecord("chat.views", "src/chat/views.py", "", False, START))
    program.imports("src/chat/views.py:3", OLD)
    source.imports("chat/views.py:3", OLD)
    assert states(program, source) == {"chat/views.py:3": "executed"}


def test_files_of_one_name_in_two_trees_are_not_taken_for_each_other() -> None:
    program, source = Program(), Source()
    program.add(ModuleRecord("setup", "shop/setup.py", "", False, START))
    program.imports("shop/setup.py:3", OLD)
    source.imports("chat/setup.py:3", OLD)
    assert states(program, source) == {"chat/setup.py:3": "not loaded"}


@pytest.mark.parametrize(
    ("place", "inside", "why"),
    [
        ("<string>:1", "<module>", "its code was made while the program ran"),
        ("<frozen runpy>:9", "run", "the interpreter's own code imports it"),
        ("lib/tool.py:9", "<module>", "its file was not scanned"),
        ("chat/broken.py:9", "<module>", "its file could not be read by the scan"),
        ("chat/views.py:0", "<module>", "the interpreter knew no line for it"),
        ("chat/views.py:21", "load", "the name is computed at run time"),
        ("chat/views.py:5", "edited", "the scan has it on line 3: another version of the file ran"),
        (
            "chat/views.py:41",
            "patched",
            "a string there names it: what is called imports it, as `mock.patch` and settings do",
        ),
        ("chat/views.py:5", "<module>", UNEXPLAINED),
    ],
)
def test_what_ran_undeclared_is_listed_with_the_reason(place: str, inside: str, why: str) -> None:
    program, source = Program(), Source()
    module = "chat.ws.old" if inside == "edited" else "chat.ws.other"
    program.imports(place, module, inside=inside)
    source.imports("chat/views.py:3", "chat.ws.old")
    source.imports("chat/views.py:5", "json")
    source.names("chat/views.py:20", "", "computed-import", inside="load")
    source.names("chat/views.py:42", "chat.ws.other:Manager")
    source.cannot_read("chat/broken.py", "line 3: invalid syntax")
    assert reasons(program, source) == {f"imports {module}": why}


def test_an_import_that_moved_to_the_line_of_another_one_is_from_another_version() -> None:
    program, source = Program(), Source()
    program.imports("chat/views.py:5", "chat.ws.old")
    source.imports("chat/views.py:3", "chat.ws.old")
    source.imports("chat/views.py:5", "json")
    assert reasons(program, source) == {
        "imports chat.ws.old": "the scan has it on line 3: another version of the file ran"
    }


@pytest.mark.parametrize(
    ("importer", "state"),
    [("lib/ws/__init__.py:1", "not observed"), ("chat/jobs.py:4", "not executed")],
)
def test_an_import_that_may_have_loaded_a_package_that_loads_the_module_is_unknown(
    importer: str, state: str
) -> None:
    program, source = Program(), Source()
    program.cls("lib.ws.old:WebSocketManager")
    program.add(ModuleRecord("lib.ws.old", "lib/ws/old.py", importer, False, START, True))
    program.module("chat.views")
    source.imports("chat/views.py:9", "lib.ws.old:WebSocketManager", inside="index")
    assert states(program, source) == {"chat/views.py:9": state}


def test_imports_that_cannot_be_observed_are_not_said_to_have_not_been_executed() -> None:
    program, source = Program(), Source()
    program.cls(OLD)
    program.module("chat.views")
    program.is_blind_to("imports of chat.ws.old", "it was put into sys.modules without a spec")
    source.imports("chat/views.py:9", OLD, inside="index")
    assert states(program, source) == {"chat/views.py:9": "not observed"}


def test_an_import_from_a_line_without_an_import_is_explained_by_what_is_called_there() -> None:
    program, source = Program(), Source()
    program.imports("chat/views.py:30", "chat.ws.other", inside="read")
    source.module("chat.views")
    assert reasons(program, source)["imports chat.ws.other"].startswith("no import stands on this line")


def test_a_class_without_a_statement_was_made_at_run_time() -> None:
    program, source = Program(), Source()
    program.cls(MANAGER)
    program.cls("chat.ws.manager:Made", line=50)
    source.cls(MANAGER)
    assert reasons(program, source) == {
        "chat.ws.manager:Made": "no class statement stands there: it is made at run time"
    }


def test_a_class_of_a_file_that_was_loaded_under_another_name_is_known_by_its_place() -> None:
    program, source = Program(), Source()
    program.add(ClassRecord("ws.manager:WebSocketManager", 1, "chat/ws/manager.py", 10, (), (), START))
    source.cls(MANAGER)
    assert reasons(program, source) == {
        "ws.manager:WebSocketManager": f"the scan knows it as {MANAGER}: "
        "the file was loaded under another module name"
    }


def test_a_class_of_a_file_that_runs_as_the_program_is_declared() -> None:
    program, source = Program(), Source()
    program.add(ClassRecord("__main__:WebSocketManager", 1, "chat/ws/manager.py", 10, (), (), START))
    source.cls(MANAGER)
    assert reasons(program, source) == {}


def test_modules_that_were_not_scanned_are_listed() -> None:
    program, source = Program(), Source()
    program.module("plugins.extra")
    program.add(ModuleRecord("spaces", "", "", False, START))
    source.module("chat.views")
    assert reasons(program, source) == {
        "plugins.extra": "its file was not scanned",
        "spaces": "it has no file: a namespace package, or made while the program ran",
    }
