from __future__ import annotations

from pathlib import Path

from support.children import run
from support.watched import watching
from unit.analysis.build import MANAGER, Program, concept, findings, policy, told

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load
from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy

OLD = "chat.ws.old"
MODULE = policy(concept(canonical=MANAGER, legacy=(OLD,)))
NAME = policy(concept(canonical=MANAGER, legacy=("chat.ws.compat:create_manager",)))


def test_an_import_of_a_legacy_module_is_told_with_place_count_and_time() -> None:
    program = Program()
    program.module(OLD)
    program.imports("chat/views.py:9", OLD, outcome="loaded")
    program.imports("chat/jobs.py:4", OLD, count=3, inside="run")
    (finding,) = findings("SSOT108", program, by=MODULE)
    assert (finding.subject, finding.severity, finding.count) == (OLD, Severity.ERROR, 4)
    assert finding.message == (
        "Declared legacy, and used 4 times from 2 places, 2026-01-05 08:00:03Z to 08:00:06Z."
    )
    assert told(finding) == [
        "chat/jobs.py:4 imports chat.ws.old, 3 times, later, 2026-01-05 08:00:04Z to 08:00:06Z",
        "chat/views.py:9 imports chat.ws.old, once, at load, 2026-01-05 08:00:03Z",
    ]


def test_every_way_to_write_the_import_is_seen() -> None:
    for target in (OLD, f"{OLD}:OldThing", "chat.ws:old", f"{OLD}.sub", f"{OLD}.sub:Thing", f"{OLD}:*"):
        program = Program()
        program.imports("chat/views.py:9", target)
        (finding,) = findings("SSOT108", program, by=MODULE)
        assert finding.count == 1


def test_one_statement_that_shows_in_several_records_counts_once() -> None:
    program = Program()
    program.imports("chat/views.py:9", "chat.ws:old", count=2)
    program.imports("chat/views.py:9", OLD, count=2)
    program.imports("chat/views.py:9", f"{OLD}.sub")
    (finding,) = findings("SSOT108", program, by=MODULE)
    assert finding.count == 2


def test_a_class_of_the_legacy_modules_name_is_not_the_module() -> None:
    program = Program()
    program.function("chat.ws:old")
    program.imports("chat/views.py:9", "chat.ws:old")
    assert not findings("SSOT108", program, by=MODULE)


def test_modules_that_only_begin_alike_are_silent() -> None:
    program = Program()
    program.imports("chat/views.py:9", "chat.ws.older")
    program.imports("chat/views.py:9", "chat.ws:older")
    assert not findings("SSOT108", program, by=MODULE)


def test_a_legacy_name_is_in_use_when_it_is_fetched_but_its_module_is_not_legacy() -> None:
    program = Program()
    program.imports("chat/views.py:9", "chat.ws.compat:other")
    assert not findings("SSOT108", program, by=NAME)
    program.imports("chat/views.py:10", "chat.ws.compat:other,create_manager")
    (finding,) = findings("SSOT108", program, by=NAME)
    assert finding.subject == "chat.ws.compat:create_manager"
    assert told(finding)[0].startswith(
        "chat/views.py:10 imports create_manager from chat.ws.compat, once, at load"
    )


def test_a_star_import_fetches_a_legacy_name_that_it_binds() -> None:
    program = Program()
    program.function("chat.ws.compat:create_manager")
    program.imports("chat/views.py:9", "chat.ws.compat:*")
    assert not findings("SSOT108", program, by=NAME)
    program.function("chat.ws.compat:create_manager", bound_in="chat.views")
    assert findings("SSOT108", program, by=NAME)


def test_calls_and_constructions_of_legacy_members_are_use() -> None:
    program = Program()
    program.hands_out("chat/views.py:20", f"{OLD}:create_manager", f"{OLD}:OldWebSocketManager", count=2)
    program.hands_out("chat/views.py:21", f"{OLD}:Makers.create", f"{OLD}:OldWebSocketManager", kind="method")
    program.constructs("chat/views.py:22", f"{OLD}:OldWebSocketManager")
    (finding,) = findings("SSOT108", program, by=MODULE)
    assert finding.count == 4
    assert [line.partition(",")[0] for line in told(finding)] == [
        "chat/views.py:20 calls chat.ws.old:create_manager",
        "chat/views.py:21 calls chat.ws.old:Makers.create",
        "chat/views.py:22 constructs chat.ws.old:OldWebSocketManager",
    ]


def test_calls_of_a_legacy_name_are_use() -> None:
    program = Program()
    program.cls(MANAGER)
    program.hands_out(
        "chat/views.py:20", "chat.ws.compat:create_manager", origin="chat.ws.manager:get_manager"
    )
    assert findings("SSOT108", program, by=NAME)


def test_methods_of_a_legacy_class_are_use() -> None:
    program = Program()
    program.cls(MANAGER)
    program.hands_out("chat/views.py:20", "chat.ws.compat:Makers.create", kind="method")
    assert findings("SSOT108", program, by=policy(concept(legacy=("chat.ws.compat:Makers",))))
    assert not findings("SSOT108", program, by=policy(concept(legacy=("chat.ws.compat:Make",))))


def test_what_legacy_modules_import_of_each_other_is_the_business_of_the_outermost_importer() -> None:
    program = Program()
    program.imports("chat/views.py:9", "chat.ws.compat")
    program.imports("chat/ws/compat.py:3", OLD)
    program.imports("chat/ws/compat.py:14", OLD, inside="create_manager")
    both = policy(concept(legacy=(OLD, "chat.ws.compat")))
    (finding,) = findings("SSOT108", program, by=both)
    assert finding.subject == "chat.ws.compat"


def test_a_legacy_package_that_imports_its_own_modules_is_not_its_own_user() -> None:
    program = Program()
    program.imports("chat/views.py:9", OLD)
    program.imports("chat/ws/old/__init__.py:1", f"{OLD}.sub")
    (finding,) = findings("SSOT108", program, by=MODULE)
    assert [line.file for line in finding.evidence] == ["chat/views.py"]


def test_legacy_code_that_runs_is_told_where_nothing_else_shows_its_use() -> None:
    program = Program()
    program.module("chat.ws.compat", preloaded=True)
    program.imports("chat/ws/compat.py:14", OLD, inside="create_manager")
    both = policy(concept(legacy=(OLD, "chat.ws.compat")))
    (finding,) = findings("SSOT108", program, by=both)
    assert finding.subject == OLD


def test_a_tool_that_walks_modules_uses_nothing() -> None:
    program = Program()
    program.imports("tool.py:1", OLD, origin="sweep", outcome="loaded")
    program.imports("chat/ws/old/__init__.py:1", f"{OLD}.sub", outcome="loaded")  # as the tool loads it
    program.constructs("chat/ws/old.py:80", f"{OLD}:OldWebSocketManager", inside="<module>")
    assert not findings("SSOT108", program, by=MODULE)


def test_a_failed_import_is_silent() -> None:
    program = Program()
    program.imports("chat/views.py:9", OLD, outcome="failed")
    assert not findings("SSOT108", program, by=MODULE)


def test_each_entry_is_one_finding() -> None:
    program = Program()
    program.imports("chat/views.py:9", OLD)
    program.imports("chat/views.py:10", "chat.ws.compat")
    both = policy(concept(legacy=(OLD, "chat.ws.compat", OLD)))
    assert [finding.subject for finding in findings("SSOT108", program, by=both)] == ["chat.ws.compat", OLD]


def test_counts_add_up_over_processes() -> None:
    programs = [Program("p1"), Program("p2")]
    for program in programs:
        program.imports("chat/views.py:9", OLD, count=2)
    (finding,) = findings("SSOT108", *programs, by=MODULE)
    assert (finding.count, len(finding.evidence)) == (4, 1)


def test_without_declared_legacy_nothing_is() -> None:
    program = Program()
    program.cls("chat.ws.old:SocketManager")
    program.imports("chat/views.py:9", OLD)
    assert not findings("SSOT108", program, by=Policy())


def test_a_legacy_function_that_is_only_reached_through_its_module_is_told_by_who_calls_it(
    tmp_path: Path,
) -> None:
    by = policy(concept(canonical=MANAGER, legacy=("shop.old:total", "shop.old:unused")))
    files = {
        "shop/__init__.py": "",
        "shop/old.py": "def total():\n    return 1\ndef unused():\n    return 2\n",
    }
    done = run(
        tmp_path,
        program="import shop.old\nfor _ in range(3):\n    shop.old.total()\n",
        files=files,
        policy=watching("shop.old:total", "shop.old:unused"),
    ).checked()
    found = [one for one in judge(load([str(done.directory)]), by).findings if one.code == "SSOT108"]
    assert [(one.subject, one.count) for one in found] == [("shop.old:total", 3)]
    assert found[0].message.startswith("Declared legacy. The application used it 3 times: main.py:3 calls ")
    assert told(found[0]) == ["main.py:3 calls shop.old:total, 3 times"]
