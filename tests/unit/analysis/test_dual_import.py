"""One module that reaches a concept along two paths, and modules that only look like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.children import run
from unit.analysis.build import MANAGER, Program, Source, concept, findings, policy, told

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load
from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy

OLD = "chat.ws.old:WebSocketManager"
COMPAT = "chat.ws.compat:WebSocketManager"
CHILD = "chat.ws.child:RoomManager"
CANONICAL = policy(concept(classes=("*Manager",), canonical=MANAGER))


def chat() -> Program:
    program = Program()
    program.cls(MANAGER)
    program.bind(COMPAT, MANAGER)
    return program


def test_one_class_from_two_modules_is_a_finding_about_the_importing_module() -> None:
    program = chat()
    program.imports("chat/views.py:3", MANAGER)
    program.imports("chat/views.py:40", COMPAT, count=5, inside="index")
    (finding,) = findings("SSOT106", program, by=CANONICAL)
    assert (finding.subject, finding.severity, finding.count) == ("chat.views", Severity.WARNING, 2)
    assert finding.message == f"chat.views imports {MANAGER} along 2 paths: {MANAGER} and {COMPAT}."
    assert told(finding) == [
        "chat/views.py:3 imports WebSocketManager from chat.ws.manager, once",
        "chat/views.py:40 imports WebSocketManager from chat.ws.compat, 5 times",
    ]


def test_two_classes_that_compete_are_one_concept_reached_twice() -> None:
    program = chat()
    program.cls(OLD)
    program.imports("chat/views.py:3", MANAGER)
    program.imports("chat/views.py:4", OLD)
    (finding,) = findings("SSOT106", program, by=CANONICAL)
    assert finding.message.startswith("chat.views imports 2 classes along 2 paths")


def test_two_classes_that_the_policy_allows_are_silent() -> None:
    program = chat()
    program.cls(OLD)
    program.imports("chat/views.py:3", MANAGER)
    program.imports("chat/views.py:4", OLD)
    assert not findings("SSOT106", program, by=policy(concept(max_classes=2)))


def test_two_modules_with_one_path_each_are_silent() -> None:
    program = chat()
    program.imports("chat/views.py:3", MANAGER)
    program.imports("chat/admin.py:3", COMPAT)
    assert not findings("SSOT106", program, by=CANONICAL)


def test_two_names_from_one_module_are_silent() -> None:
    program = chat()
    program.bind("chat.ws.manager:Manager", MANAGER)
    program.imports("chat/views.py:3", MANAGER)
    program.imports("chat/views.py:4", "chat.ws.manager:Manager")
    assert not findings("SSOT106", program, by=CANONICAL)


def test_a_class_and_its_subclass_are_silent() -> None:
    program = chat()
    program.cls(CHILD, bases=(MANAGER,))
    program.imports("chat/views.py:3", MANAGER)
    program.imports("chat/views.py:4", CHILD)
    assert not findings("SSOT106", program, by=CANONICAL)


@pytest.mark.parametrize(
    ("views", "found"),
    [
        pytest.param(
            "from shop.managers import CartManager\nfrom shop import CartManager as Again",
            ["shop/views.py:1", "shop/views.py:2"],
            id="from a module and from the package that passes it on",
        ),
        pytest.param(
            "from shop.managers import CartManager\n\ndef index():\n"
            "    from shop.compat import CartManager\n\nindex()",
            ["shop/views.py:1", "shop/views.py:4"],
            id="at the top and inside of a function",
        ),
        pytest.param(
            "try:\n    from shop.missing import CartManager\nexcept ImportError:\n"
            "    from shop.managers import CartManager",
            [],
            id="the second of a pair",
        ),
        pytest.param(
            "from shop.compat import *\nfrom shop.managers import CartManager as Again",
            ["shop/views.py:1", "shop/views.py:2"],
            id="by a star and by name",
        ),
        pytest.param(
            "from typing import TYPE_CHECKING\nfrom shop.managers import CartManager\n"
            "if TYPE_CHECKING:\n    from shop.compat import CartManager as Again",
            [],
            id="for type checking only",
        ),
        pytest.param(
            "from shop.managers import CartManager\nfrom shop.managers import CartManager as Again",
            [],
            id="twice",
        ),
    ],
)
def test_real_programs(tmp_path: Path, views: str, found: list[str]) -> None:
    files = {
        "main.py": "import shop.views",
        "shop/managers.py": "class CartManager:\n    pass",
        "shop/compat.py": "from shop.managers import CartManager",
        "shop/__init__.py": "from shop.managers import CartManager",
        "shop/views.py": views,
    }
    done = run(tmp_path, program=files["main.py"], files=files).checked()
    judgement = judge(load([str(done.directory)]), Policy())
    places = [
        f"{line.file}:{line.line}"
        for finding in judgement.findings
        if finding.code == "SSOT106"
        for line in finding.evidence
    ]
    assert sorted(places) == found


def source_of(*imports: tuple[str, str, str]) -> Source:
    source = Source()
    source.cls(MANAGER)
    source.module("chat.ws.compat")
    source.bind("chat.ws.compat:WebSocketManager", MANAGER)
    for place, target, guard in imports:
        source.imports(place, target, guard)
    return source


def test_a_second_path_that_is_declared_and_did_not_run_is_found_in_the_source() -> None:
    program = Program()
    program.cls(MANAGER)
    program.imports("chat/views.py:3", MANAGER)
    source = source_of(("chat/views.py:3", MANAGER, ""), ("chat/views.py:30", COMPAT, "branch"))
    (found,) = findings("SSOT106", program, source=source)
    assert "not all of them were seen to run (origin: static)" in found.message
    assert told(found) == [
        "chat/views.py:30 imports WebSocketManager from chat.ws.compat, not executed",
        "chat/views.py:3 imports WebSocketManager from chat.ws.manager, once",
    ]


def test_a_module_that_never_loaded_is_found_in_the_source() -> None:
    source = source_of(("chat/jobs.py:3", MANAGER, ""), ("chat/jobs.py:4", COMPAT, ""))
    (found,) = findings("SSOT106", Program(), source=source)
    assert found.subject == "chat.jobs"


def test_both_executed_is_found_once_though_the_source_declares_them_too() -> None:
    program = Program()
    program.cls(MANAGER)
    program.bind(COMPAT, MANAGER)
    program.imports("chat/views.py:3", MANAGER)
    program.imports("chat/views.py:4", COMPAT)
    source = source_of(("chat/views.py:3", MANAGER, ""), ("chat/views.py:4", COMPAT, ""))
    (found,) = findings("SSOT106", program, source=source)
    assert "origin: static" not in found.message


def test_alternatives_and_imports_for_type_checkers_are_silent_in_the_source() -> None:
    alternatives = source_of(("chat/views.py:3", MANAGER, "try"), ("chat/views.py:5", COMPAT, "except"))
    checked = source_of(("chat/views.py:3", MANAGER, ""), ("chat/views.py:5", COMPAT, "type-checking"))
    assert not findings("SSOT106", Program(), source=alternatives)
    assert not findings("SSOT106", Program(), source=checked)
