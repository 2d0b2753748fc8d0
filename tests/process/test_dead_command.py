"""`ssot-probe dead` over what a real program did, from its recording to the ban that a linter reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from support.children import environment_of_child, run

POLICY = """
packages = ["shop", "main"]
[[concept]]
name = "carts"
classes = ["*Cart"]
canonical = "shop.carts:Cart"
legacy = ["shop.old", "shop.used", "shop.facade", "shop.tickets:Ticket", "shop.monthly"]
[dead]
environments = ["staging"]
roles = ["web"]
min_days = 0
"""

FILES = {
    "shop/__init__.py": "",
    "shop/carts.py": "class Cart:\n    pass\n",
    "shop/old.py": "def total():\n    return 1\n",
    "shop/used.py": "def count():\n    return 1\n\ndef unused():\n    return 2\n",
    "shop/facade.py": "from shop.carts import Cart\n",
    "shop/tickets.py": "class Ticket:\n    def __init__(self):\n        self.paid = False\n",
    "shop/passes.py": "from shop.tickets import Ticket as Pass\n",
    "shop/monthly.py": "def bill():\n    return 1\n",
    "shop/jobs.py": "def every_month():\n    from shop.monthly import bill\n    return bill()\n",
}

PROGRAM = """
from shop import jobs
from shop.facade import Cart
from shop.passes import Pass
from shop.used import count

def main():
    count()
    Pass()
    Cart()

main()
"""


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a program that ran under the probe, and whose source was scanned."""
    directory = tmp_path_factory.mktemp("shop")
    attributes = "deployment.environment.name=staging,ssot.role=web"
    ran = run(
        directory,
        program=PROGRAM,
        files=FILES,
        policy=POLICY,
        environment={"OTEL_RESOURCE_ATTRIBUTES": attributes},
    )
    ran.checked()
    scanned = command(directory, "scan", ".", "--out", "recordings")
    assert scanned.code == 0, scanned.err
    return directory


def command(directory: Path, *arguments: str, text: str | None = None) -> Said:
    """Run a command of ssot-probe."""
    process = subprocess.run(
        [sys.executable, "-m", "ssot_probe", *arguments],
        cwd=directory,
        env=environment_of_child(directory / "elsewhere", probe=False, more={}),
        input=text or "",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Said(process.returncode, process.stdout, process.stderr)


def dead(directory: Path, *arguments: str, text: str | None = None) -> Said:
    return command(directory, "dead", "recordings", *arguments, text=text)


def test_each_path_has_the_verdict_that_it_deserves(service: Path) -> None:
    said = dead(service)
    assert said.code == 0, said.out + said.err
    verdicts = {line[23:].split()[0]: line.split()[0] for line in said.out.splitlines() if "[carts]" in line}
    assert verdicts == {
        "shop.old": "NEVER-LOADED",
        "shop.used": "LIVE",
        "shop.facade": "LIVE",
        "shop.tickets:Ticket": "LIVE",
        "shop.monthly": "INSUFFICIENT",
    }
    assert "imports Cart through it" in said.out
    assert "only through shop.passes:Pass" in said.out
    assert "all 2 used pieces of code are in the scanned source" in said.out


def test_what_leads_to_a_path_that_did_not_run_is_told_link_by_link(service: Path) -> None:
    said = dead(service, "--why", "shop.monthly")
    assert "shop.jobs ran, and leads to it:" in said.out
    assert "shop/jobs.py:2  shop.jobs imports shop.monthly, not at the top of its module" in said.out


def test_a_function_of_a_watched_module_is_judged_by_its_own_uses(service: Path) -> None:
    said = dead(service, "--names", "-", text="shop.used:count\nshop.used:unused\nshop.nowhere\n")
    assert said.code == 3
    assert "3 paths: 1 LIVE, 1 LOADED-BUT-UNUSED, 1 NO-EVIDENCE." in said.out


def test_ruff_refuses_what_is_retired_by_the_ban_that_is_written(service: Path, tmp_path: Path) -> None:
    said = dead(service, "--emit", "ruff", "--output", str(tmp_path / "ruff.toml"))
    assert said.code == 0, said.err
    (tmp_path / "again.py").write_text("from shop.old import total\nfrom shop.used import count\n")
    ruff = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--no-cache", "again.py"]
    linted = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert linted.returncode == 1, linted.stderr
    assert linted.stdout.count("TID251") == 1
    assert "`shop.old` is banned: Retired (NEVER-LOADED" in linted.stdout


MORE = ["shop.tax", "shop.rare", "shop.one", "shop.two", "shop.gone", "shop.carts:Basket"]
TOGETHER = {
    **FILES,
    "shop/used.py": """
from shop.tax import rate
RATE = rate()

def count(rarely=False):
    if rarely:
        from shop.rare import more
        more()
    return 1
""",
    "shop/tax.py": "def rate():\n    return 1\n",
    "shop/rare.py": "def more():\n    return 1\n",
    "shop/one.py": "def one():\n    from shop.two import two\n    return two()\n",
    "shop/two.py": "def two():\n    return 2\n",
    "shop/jobs.py": """
try:
    import shop.gone
except ImportError:
    pass
try:
    from shop.carts import Basket
except ImportError:
    pass
""",
}


@pytest.fixture(scope="module")
def further(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a program with legacy paths that need each other, and some that are gone."""
    directory = tmp_path_factory.mktemp("further")
    policy = POLICY.replace('"shop.monthly"]', ", ".join(f'"{path}"' for path in MORE) + "]")
    staging = {"OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=staging,ssot.role=web"}
    run(directory, program=PROGRAM, files=TOGETHER, policy=policy, environment=staging).checked()
    scanned = command(directory, "scan", ".", "--out", "recordings")
    assert scanned.code == 0, scanned.err
    return directory


def test_what_a_path_needs_that_stays_is_not_dead(further: Path) -> None:
    told = json.loads(dead(further, "--format", "json").out)
    verdicts = {row["path"]: row["verdict"] for row in told["paths"]}
    assert verdicts["shop.used"] == verdicts["shop.tax"] == "LIVE"
    assert verdicts["shop.rare"] == "INSUFFICIENT"
    assert verdicts["shop.one"] == verdicts["shop.two"] == "NEVER-LOADED"


def test_who_imports_what_is_gone_is_found(further: Path) -> None:
    told = json.loads(command(further, "report", "recordings", "--format", "json").out)
    found = {each["subject"]: each for each in told["findings"] if each["code"] in ("SSOT602", "SSOT108")}
    assert {name for name, each in found.items() if each["code"] == "SSOT602"} == {
        "shop.gone",
        "shop.carts:Basket",
    }
    assert [(line["file"], line["line"]) for line in found["shop.gone"]["evidence"]] == [("shop/jobs.py", 3)]


def test_a_name_of_a_scanned_module_that_was_never_loaded_can_be_confirmed(further: Path) -> None:
    told = dead(further, "--path", "shop.one:one")
    assert told.out.startswith("NEVER-LOADED"), told.out
