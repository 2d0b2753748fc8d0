from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from unit.inventory.trees import write

from ssot_probe.report.retirement.bans import import_linter, ruff
from ssot_probe.report.retirement.judged import EvidenceSummary, JudgedPath

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EVIDENCE = EvidenceSummary("2026-01-05", "2026-01-13", 9, 4, ("web",))
OLD = JudgedPath(
    "shop.old", "module", "NEVER-LOADED", "C", "Nothing was seen of it.", replacement="shop.new:Cart"
)
NAME = OLD._replace(path="shop.tills:Till", verdict="LOADED-BUT-UNUSED", replacement="")
SHOP: dict[str, str | bytes] = {
    "shop/__init__.py": "",
    "shop/old/__init__.py": "from shop.old.deep import Deep\nclass Cart: ...\n",
    "shop/old/deep.py": "class Deep: ...\n",
    "shop/new.py": "class Cart: ...\n",
    "shop/tills.py": "class Till: ...\nclass Counter: ...\n",
    "shop/app.py": "from shop.new import Cart\nfrom shop.tills import Counter\n",
}


def program(name: str, *arguments: str, directory: Path) -> subprocess.CompletedProcess[str]:
    path = Path(sys.executable).parent / name
    if not path.exists():
        pytest.skip(f"{name} is not installed beside this Python")
    return subprocess.run(
        [str(path), *arguments], cwd=directory, capture_output=True, text=True, check=False, timeout=100
    )


def reported(directory: Path, text: str, file: str = "pyproject.toml") -> list[str]:
    write(directory, {file: text})
    done = program(
        "ruff",
        "check",
        "--no-cache",
        "--select",
        "TID251",
        "--output-format",
        "concise",
        ".",
        directory=directory,
    )
    assert done.returncode in (0, 1), done.stderr
    return [line for line in done.stdout.splitlines() if "TID251" in line]


def contracts(directory: Path, text: str) -> subprocess.CompletedProcess[str]:
    write(directory, {".importlinter": text})
    return program("lint-imports", "--no-cache", directory=directory)


@pytest.mark.parametrize(("file", "is_pyproject"), [("pyproject.toml", True), ("ruff.toml", False)])
def test_ruff_reports_an_import_of_a_retired_path_with_what_to_use_instead(
    tmp_path: Path, file: str, is_pyproject: bool
) -> None:
    bad = "from shop.old import Cart\nimport shop.old.deep\nfrom shop.tills import Till, Counter\n"
    write(tmp_path, {"views.py": bad, **dict.fromkeys(("ok.py",), "")})
    lines = reported(tmp_path, ruff([OLD, NAME], EVIDENCE, is_pyproject), file)
    assert [line.split(":")[1] for line in lines] == ["1", "2", "3"]
    assert "from shop.new import Cart" in lines[0]
    assert "NEVER-LOADED, grade C, 2026-01-05 to 2026-01-13" in lines[0]


def test_ruff_leaves_other_paths_alone(tmp_path: Path) -> None:
    write(tmp_path, {"views.py": "import shop.older\nfrom shop.tills import Counter\nfrom shop import new\n"})
    assert reported(tmp_path, ruff([OLD, NAME], EVIDENCE)) == []


@pytest.mark.parametrize(
    "verdict", ["LIVE", "LIVE-NON-APP", "CONTRADICTED", "INSUFFICIENT", "VOID", "NO-EVIDENCE"]
)
def test_a_path_that_is_not_proved_unused_is_a_comment_with_the_reason(tmp_path: Path, verdict: str) -> None:
    used = OLD._replace(
        verdict=verdict,
        sentence="It is used\nby the monthly job.",
        witnesses=("shop/jobs.py:4 calls it",),
        missing=("role cron",),
    )
    for text in (ruff([used], EVIDENCE), import_linter([used], EVIDENCE)):
        stated = [line for line in text.splitlines() if line and not line.startswith(("#", "["))]
        assert stated == []
        assert f"shop.old is not banned: {verdict}. It is used by the monthly job." in text
        assert "shop/jobs.py:4 calls it" in text
        assert "missing: role cron" in text
    write(tmp_path, {"views.py": "import shop.old\n"})
    assert reported(tmp_path, ruff([used], EVIDENCE)) == []


def test_odd_text_ends_neither_a_string_nor_a_comment(tmp_path: Path) -> None:
    odd = 'say "x"\\ \n[table]\r\x00 #'
    text = ruff([OLD._replace(replacement=odd), NAME._replace(verdict="LIVE", sentence=odd)], EVIDENCE)
    banned = tomllib.loads(text)["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
    assert list(banned) == ["shop.old"]
    assert 'say "x"\\ [table] #' in banned["shop.old"]["msg"]


def test_import_linter_keeps_a_retired_module_to_itself(tmp_path: Path) -> None:
    write(tmp_path, SHOP)
    done = contracts(tmp_path, import_linter([OLD, NAME], EVIDENCE))
    assert (done.returncode, "1 kept, 0 broken" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("shop/__init__.py", "from shop.old import Cart\n"),
        ("shop/jobs.py", "def run():\n    import shop.old.deep\n"),
        ("shop/jobs.py", "from . import old\n"),
    ],
)
def test_import_linter_reports_an_import_of_a_retired_module(tmp_path: Path, file: str, line: str) -> None:
    write(tmp_path, {**SHOP, file: line})
    done = contracts(tmp_path, import_linter([OLD, NAME], EVIDENCE))
    assert (done.returncode, "0 kept, 1 broken" in done.stdout) == (1, True), done.stdout
    assert "shop.old is retired (NEVER-LOADED" in done.stdout


def test_a_name_in_a_module_is_left_to_ruff_by_import_linter() -> None:
    text = import_linter([NAME], EVIDENCE)
    assert "# shop.tills:Till: import-linter knows modules only; ban it by ruff" in text
    assert "[importlinter" not in text


def test_modules_of_several_packages_are_all_roots() -> None:
    text = import_linter([OLD, OLD._replace(path="bank.old")], EVIDENCE)
    assert "root_packages =\n    bank\n    shop\n" in text
