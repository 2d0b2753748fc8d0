"""Modules that only pass a concept on, and modules that only look like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.children import run
from unit.analysis.build import MANAGER, Program, concept, findings, policy, told

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load
from ssot_probe.model.finding import Severity
from ssot_probe.model.policy import Policy

COMPAT = "chat.compat:WebSocketManager"
CANONICAL = policy(concept(canonical=MANAGER))


def passed_on() -> Program:
    program = Program()
    program.cls(MANAGER)
    program.imports("chat/compat.py:5", MANAGER)
    program.bind(COMPAT, MANAGER)
    return program


def test_a_module_that_others_import_the_concept_through_is_a_note() -> None:
    program = passed_on()
    program.imports("chat/views.py:3", COMPAT, count=4)
    (finding,) = findings("SSOT105", program, by=CANONICAL)
    assert (finding.subject, finding.severity, finding.count) == ("chat.compat", Severity.NOTE, 4)
    assert (
        finding.message
        == f"chat.compat passes on {MANAGER} and defines nothing of its own for websocket-manager."
    )
    assert told(finding) == [
        "chat/compat.py:5 imports WebSocketManager from chat.ws.manager, once, to pass it on",
        "chat/views.py:3 imports WebSocketManager from chat.compat, 4 times",
    ]


def test_a_module_that_nobody_imports_it_from_is_a_user_of_the_concept() -> None:
    assert not findings("SSOT105", passed_on(), by=CANONICAL)


def test_a_module_with_a_factory_of_its_own_is_no_facade() -> None:
    program = passed_on()
    program.function("chat.compat:create_manager")
    program.imports("chat/views.py:3", COMPAT)
    assert not findings("SSOT105", program, by=CANONICAL)


def test_a_module_with_a_class_of_its_own_is_no_facade() -> None:
    program = passed_on()
    program.cls("chat.compat:LegacyWebSocketManager", bases=(MANAGER,))
    program.imports("chat/views.py:3", COMPAT)
    assert not findings("SSOT105", program, by=CANONICAL)


def test_a_path_that_is_declared_canonical_is_no_facade() -> None:
    program = passed_on()
    program.imports("chat/views.py:3", COMPAT)
    assert not findings("SSOT105", program, by=policy(concept(canonical=COMPAT)))


@pytest.mark.parametrize(
    ("compat", "views", "found"),
    [
        ("from shop.managers import CartManager", "from shop.compat import CartManager", ["shop.compat"]),
        ("from shop.managers import *", "import shop.compat\nfrom shop.compat import *", ["shop.compat"]),
        (
            "import shop.managers\nCart = shop.managers.CartManager",
            "def index():\n    from shop.compat import Cart\nindex()",
            ["shop.compat"],
        ),
        ("from shop.managers import CartManager", "from shop import CartManager", []),
        (
            "from shop.managers import CartManager\n\ndef get_manager():\n    return CartManager()",
            "from shop.compat import CartManager",
            [],
        ),
        ("from shop.managers import CartManager\nCartManager()", "import shop.compat", []),
    ],
    ids=[
        "by name",
        "by a star",
        "under another name",
        "the package itself passes it on",
        "a factory of its own",
        "a user of it",
    ],
)
def test_real_programs(tmp_path: Path, compat: str, views: str, found: list[str]) -> None:
    files = {
        "shop/managers.py": "class CartManager:\n    pass",
        "shop/compat.py": compat,
        "shop/__init__.py": "from shop.managers import CartManager",
        "shop/views.py": views,
    }
    done = run(tmp_path, program="import shop.views", files=files).checked()
    judgement = judge(load([str(done.directory)]), Policy())
    assert [finding.subject for finding in judgement.findings if finding.code == "SSOT105"] == found
