"""One file under two module names: real programs that load it so, and ones that only look like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.children import run
from unit.analysis.build import MANAGER, Program, concept, findings, policy, told

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load
from ssot_probe.model.finding import Finding, Severity
from ssot_probe.model.policy import Policy

MANAGERS = """
    class CartManager:
        pass

    def get_manager():
        return CartManager()
"""

SERVER = """
    import sys

    class CartManager:
        pass

    def serve():
        CartManager()

    if __name__ == "__main__":
        IMPORTS
        serve()
"""

DIRECTORY_OF_A_PACKAGE_ON_THE_PATH = {
    "main.py": """
        import os, sys
        sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "shop"))
        import shop.managers, shop.views
    """,
    "shop/__init__.py": "",
    "shop/managers.py": MANAGERS,
    "shop/views.py": "import managers",
}

SCRIPT_THAT_OTHERS_IMPORT = {
    "main.py": SERVER.replace("IMPORTS", "import views"),
    "views.py": "import main\nmain.CartManager()",
}

PACKAGE_THAT_RUNS_AND_IS_IMPORTED = {
    "shop/__init__.py": "",
    "shop/server.py": SERVER.replace("IMPORTS", "import shop.views"),
    "shop/views.py": "from shop.server import CartManager",
}


def found_in(directory: Path, files: dict[str, str], *command: str) -> list[Finding]:
    """Run a program and return what is found of double imports; both the run and the report are real."""
    program = files.get("main.py", "")
    done = run(directory, *command, program=program, files=files).checked()
    judgement = judge(load([str(done.directory)]), Policy())
    return [finding for finding in judgement.findings if finding.code == "SSOT102"]


def test_a_directory_of_a_package_on_the_path_loads_its_modules_twice(tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, DIRECTORY_OF_A_PACKAGE_ON_THE_PATH)
    assert (finding.subject, finding.count) == ("shop.managers", 2)
    assert finding.severity == Severity.WARNING  # nobody declared the concept
    assert told(finding) == [
        "main.py:4 loads it as shop.managers",
        "shop/managers.py:2 shop.managers:CartManager is made there",
        "shop/views.py:1 loads it as managers",
        "shop/managers.py:2 managers:CartManager is made there",
    ]


def test_a_script_that_others_import_runs_twice(tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, SCRIPT_THAT_OTHERS_IMPORT)
    assert finding.message.startswith("main.py was loaded under 2 module names: main and __main__.")
    assert told(finding) == [
        "views.py:1 loads it as main",
        "main.py:4 main:CartManager is made there",
        "main.py:4 __main__:CartManager is made there",
    ]


def test_a_module_that_runs_as_the_program_and_is_imported_too(tmp_path: Path) -> None:
    (finding,) = found_in(tmp_path, PACKAGE_THAT_RUNS_AND_IS_IMPORTED, "-m", "shop.server")
    assert told(finding) == [
        "shop/views.py:1 loads it as shop.server",
        "shop/server.py:4 shop.server:CartManager is made there",
        "shop/server.py:4 __main__:CartManager is made there",
    ]


@pytest.mark.parametrize(
    ("files", "command"),
    [
        pytest.param(
            {"shop/__init__.py": "", "shop/server.py": SERVER.replace("IMPORTS", "pass")},
            ("-m", "shop.server"),
            id="a module that only runs as the program",
        ),
        pytest.param(
            {
                "main.py": "import importlib, managers\nimportlib.reload(managers).get_manager()",
                "managers.py": MANAGERS,
            },
            (),
            id="a module that is loaded again",
        ),
        pytest.param(
            {
                "main.py": "import shop, shop.managers\nshop.CartManager()",
                "shop/__init__.py": "from shop.managers import CartManager",
                "shop/managers.py": MANAGERS,
            },
            (),
            id="a class that two modules bind",
        ),
        pytest.param(
            {
                "main.py": "import sys, managers\nsys.modules['again'] = managers\nimport again",
                "managers.py": MANAGERS,
            },
            (),
            id="a module with a second name",
        ),
    ],
)
def test_what_only_looks_like_it_is_silent(
    tmp_path: Path, files: dict[str, str], command: tuple[str, ...]
) -> None:
    assert found_in(tmp_path, files, *command) == []


def test_processes_that_know_the_file_by_one_name_each_are_silent() -> None:
    first, second = Program("p1"), Program("p2")
    first.cls(MANAGER)
    second.cls("ws.manager:WebSocketManager", file="chat/ws/manager.py")
    assert findings("SSOT102", first, second) == []


def test_of_a_declared_concept_it_is_an_error_about_the_canonical_module() -> None:
    program = Program()
    program.cls("manager:WebSocketManager", file="chat/ws/manager.py")
    program.cls(MANAGER)
    (finding,) = findings("SSOT102", program, by=policy(concept(canonical=MANAGER)))
    assert (finding.subject, finding.severity) == ("chat.ws.manager", Severity.ERROR)


def test_classes_of_no_concept_are_nobody_s_business() -> None:
    program = Program()
    program.cls("chat.things:Thing")
    program.cls("things:Thing", file="chat/things.py")
    assert findings("SSOT102", program) == []
