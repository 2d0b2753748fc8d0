"""`import ssot_probe.auto`, and `ssot_probe.start()` with `stop()`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from process.installation import Installation
from process.project import GET_MANAGER, SHOP, Project

AUTO = "import ssot_probe.auto\n" + SHOP["prog.py"]

FINDERS = (
    "[type(finder).__name__ for finder in sys.meta_path if type(finder).__module__.startswith('ssot_probe')]"
)


@pytest.fixture
def plain(shop: Project, bare: Installation, target_tree: Path) -> Project:
    """The shop, run by an interpreter that has the package on PYTHONPATH only: nothing starts the probe."""
    shop.python = bare.python
    return shop


def test_the_explicit_import_starts_the_probe(plain: Project, target_tree: Path) -> None:
    plain.write({"prog.py": AUTO})

    outcome = plain.run("prog.py", environment={"PYTHONPATH": str(target_tree)})

    assert outcome[:3] == (0, "OrderManager\n", "")
    assert plain.recorded().calls(GET_MANAGER) == 1
    assert plain.recorded().states() == ["started", "stopped"]


@pytest.mark.parametrize("value", [None, "", "0"])
def test_the_explicit_import_does_nothing_while_the_probe_is_off(
    plain: Project, target_tree: Path, value: str | None
) -> None:
    plain.write({"prog.py": AUTO + f"import sys\nprint({FINDERS})\n"})
    environment = {"PYTHONPATH": str(target_tree)} | ({} if value is None else {"SSOT_PROBE": value})

    outcome = plain.run("prog.py", environment=environment, probe=False)

    assert outcome[:3] == (0, "OrderManager\n[]\n", "")
    assert not plain.has_recorded()


@pytest.mark.parametrize("options", [["-S"], ["-S", "-E"], ["-I", "-S"]], ids=" ".join)
def test_the_explicit_import_works_without_site(
    plain: Project, target_tree: Path, options: list[str]
) -> None:
    path = f"import sys\nsys.path[:0] = [{str(plain.root)!r}, {str(target_tree)!r}]\n"
    plain.write({"prog.py": path + AUTO})

    outcome = plain.run(*options, "prog.py")

    assert outcome[:3] == (0, "OrderManager\n", "")
    assert plain.recorded().calls(GET_MANAGER) == 1
    assert "makers:wrapt" in plain.recorded().observers()


def test_the_explicit_import_after_the_start_up_file_changes_nothing(shop: Project) -> None:
    shop.write({"prog.py": f"import sys\nimport ssot_probe.auto\n{SHOP['prog.py']}print({FINDERS})\n"})

    outcome = shop.run("prog.py")

    assert outcome[:3] == (0, "OrderManager\n['ProbeFinder']\n", "")
    assert shop.recorded().states() == ["started", "stopped"]


def test_the_explicit_import_never_fails(plain: Project, target_tree: Path) -> None:
    plain.write({"prog.py": AUTO, "ssot-probe.toml": "colour = 1\n"})

    outcome = plain.run("prog.py", environment={"PYTHONPATH": str(target_tree)})

    assert outcome[:2] == (0, "OrderManager\n")
    assert outcome.err.startswith("ssot-probe is off: ")
    assert len(outcome.err.splitlines()) == 1


def test_a_probe_is_started_and_stopped_by_the_program(shop: Project) -> None:
    shop.write(
        {
            "prog.py": f"""\
import json, sys
import ssot_probe
probe = ssot_probe.start()
started = {FINDERS}
from shop.manager import OrderManager, get_manager
get_manager("anna")
probe.stop()
kinds = [type(vars(OrderManager)["__init__"]).__name__, type(OrderManager).__name__]
kind = type(sys.modules["shop.manager"].get_manager).__name__
get_manager("after the end")
probe.stop()
print(json.dumps([started, {FINDERS}, type(sys.modules["shop"].__spec__).__name__, kind, kinds]))
"""
        }
    )
    environment = {"SSOT_PROBE_DIR": str(shop.recordings)}

    outcome = shop.run("prog.py", probe=False, environment=environment)

    assert outcome.err == ""
    assert json.loads(outcome.out) == [["ProbeFinder"], [], "ModuleSpec", "function", ["function", "type"]]
    assert shop.recorded().calls(GET_MANAGER) == 1
    assert shop.recorded().states() == ["started", "stopped"]


def test_a_probe_is_a_context_manager(shop: Project) -> None:
    shop.write(
        {
            "prog.py": f"""\
import sys
import ssot_probe
try:
    with ssot_probe.start():
        from shop.manager import get_manager
        get_manager("anna")
        raise ValueError("of the program")
except ValueError as error:
    print(error, {FINDERS})
"""
        }
    )
    environment = {"SSOT_PROBE_DIR": str(shop.recordings)}

    outcome = shop.run("prog.py", probe=False, environment=environment)

    assert outcome[:3] == (0, "of the program []\n", "")
    assert shop.recorded().calls(GET_MANAGER) == 1


def test_a_probe_that_nobody_stops_ends_with_the_process(shop: Project) -> None:
    shop.write({"prog.py": "import ssot_probe\nssot_probe.start()\n" + SHOP["prog.py"]})
    environment = {"SSOT_PROBE_DIR": str(shop.recordings)}

    outcome = shop.run("prog.py", probe=False, environment=environment)

    assert outcome[:3] == (0, "OrderManager\n", "")
    assert shop.recorded().states() == ["started", "stopped"]


def test_a_second_probe_records_after_the_first_was_stopped(shop: Project) -> None:
    shop.write(
        {
            "prog.py": """\
import ssot_probe
from shop.manager import get_manager
for user in ("anna", "bert"):
    with ssot_probe.start():
        import shop.manager
        shop.manager.get_manager(user)
"""
        }
    )
    environment = {"SSOT_PROBE_DIR": str(shop.recordings)}

    outcome = shop.run("prog.py", probe=False, environment=environment)

    assert outcome[:3] == (0, "", "")
    recorded = shop.recorded()
    assert recorded.pids == [outcome.pid, outcome.pid]
    assert recorded.calls(GET_MANAGER) == 2


def test_a_policy_is_given_by_its_path(shop: Project) -> None:
    (shop.root / "ssot-probe.toml").rename(shop.root / "named.toml")
    shop.write({"prog.py": "import ssot_probe\nssot_probe.start(policy='named.toml')\n" + SHOP["prog.py"]})
    environment = {"SSOT_PROBE_DIR": str(shop.recordings)}

    outcome = shop.run("prog.py", probe=False, environment=environment)

    assert outcome[:3] == (0, "OrderManager\n", "")
    assert shop.recorded().calls(GET_MANAGER) == 1


def test_a_bad_policy_is_an_error_where_the_program_asks_for_the_probe(shop: Project) -> None:
    shop.write(
        {
            "bad.toml": "colour = 1\n",
            "prog.py": f"""\
import sys
import ssot_probe
from ssot_probe.errors import PolicyError
try:
    ssot_probe.start(policy="bad.toml")
except PolicyError as error:
    print("bad.toml" in str(error), "colour" in str(error), {FINDERS})
""",
        }
    )

    outcome = shop.run("prog.py", probe=False)

    assert outcome[:3] == (0, "True True []\n", "")


def test_a_probe_that_is_started_beside_the_one_of_the_start_up_file_does_no_harm(shop: Project) -> None:
    shop.write(
        {
            "prog.py": """\
import ssot_probe
probe = ssot_probe.start()
from shop.manager import get_manager
get_manager("anna")
probe.stop()
get_manager("bert")
"""
        }
    )

    outcome = shop.run("prog.py")

    assert outcome[:3] == (0, "", "")
    recorded = shop.recorded()
    assert [recorded.states()[0], recorded.states()[-1]] == ["started", "stopped"]
    assert recorded.calls(GET_MANAGER) >= 2
