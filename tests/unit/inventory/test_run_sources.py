"""Source text that a module reads and runs itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.inventory.trees import scan

from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import RUN_SOURCE

POLICY = Policy(concepts=(Concept("old", classes=("Old",), legacy=("shop.legacy",)),))


def _runs(directory: Path, code: str, policy: Policy = POLICY) -> list[int]:
    files: dict[str, str | bytes] = {"shop/__init__.py": "", "shop/legacy.py": "", "shop/views.py": code}
    return [
        line for _, kind, _, line in scan(directory, files, policy=policy).references if kind == RUN_SOURCE
    ]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("with open('legacy.py') as file: exec(file.read())\n", 1),
        ("exec(compile(path.read_text(), path, 'exec'), {})\n", 1),
        ("import builtins\nbuiltins.exec(__loader__.get_source('shop.legacy'))\n", 2),
        (
            "def load():\n    return compile(open(x).read(), x, 'exec')\ndef run():\n    exec(load())\n",
            4,
        ),
    ],
)
def test_what_reads_source_text_and_runs_it_is_told_with_its_line(
    tmp_path: Path, code: str, line: int
) -> None:
    assert _runs(tmp_path, code) == [line]


@pytest.mark.parametrize(
    "code",
    [
        "exec('import os')\n",
        "exec(template.format(name=1))\n",
        "print(open('legacy.py').read())\n",
        "def exec(text): ...\nexec(open('a.sql').read())\n",
        "cursor.exec(open('a.sql').read())\n",
    ],
)
def test_what_only_reads_or_only_runs_is_not(tmp_path: Path, code: str) -> None:
    assert _runs(tmp_path, code) == []


def test_nothing_is_told_where_no_path_is_watched(tmp_path: Path) -> None:
    assert _runs(tmp_path, "exec(open('legacy.py').read())\n", Policy()) == []
