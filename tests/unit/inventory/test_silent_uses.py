from __future__ import annotations

from pathlib import Path

import pytest
from unit.inventory.trees import scan

from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import SILENT

LEGACY = """
import abc
class Old(abc.ABC):
    LIMIT = 5
    class Inner: ...
    def act(self): ...
    @classmethod
    def make(cls): ...
"""


def _uses(directory: Path, code: str, *legacy: str) -> list[tuple[str, int]]:
    files: dict[str, str | bytes] = {"shop/__init__.py": "", "shop/legacy.py": LEGACY, "shop/views.py": code}
    policy = Policy(concepts=(Concept("old", classes=("Old",), legacy=legacy or ("shop.legacy",)),))
    references = scan(directory, files, policy=policy).references
    return sorted((target, line) for target, kind, _, line in references if kind == SILENT)


@pytest.mark.parametrize(
    "use",
    [
        "isinstance(x, Old)",
        "issubclass(x, (int, Old))",
        "isinstance(x, int | Old)",
        "Old.LIMIT",
        "Old.register(int)",
        "type(x) is Old",
        "x in (int, Old)",
        "Old.__name__",
    ],
)
def test_what_uses_a_watched_class_and_runs_none_of_its_code_is_told(tmp_path: Path, use: str) -> None:
    code = f"from shop.legacy import Old\ndef view(x):\n    return {use}\n"
    assert _uses(tmp_path, code) == [("shop.legacy:Old", 3)]


@pytest.mark.parametrize(
    "code",
    [
        "try: view()\nexcept (ValueError, Old): pass\n",
        "def view(x):\n    match x:\n        case Old(): return 1\n",
        "Same = Old\nif Same.LIMIT: pass\n",
    ],
)
def test_so_is_what_catches_it_or_matches_its_shape(tmp_path: Path, code: str) -> None:
    assert [target for target, _ in _uses(tmp_path, f"from shop.legacy import Old\n{code}")] == [
        "shop.legacy:Old"
    ]


@pytest.mark.parametrize(
    "code",
    [
        "Old()",
        "Old.make()",
        "callback = Old.act",
        "Old.Inner()",
        "class New(Old): ...",
        "def view(x: Old) -> Old: ...",
        "print(Other.LIMIT)",
    ],
)
def test_what_is_heard_and_annotations_are_not(tmp_path: Path, code: str) -> None:
    assert _uses(tmp_path, f"from shop.legacy import Old\nclass Other: LIMIT = 1\n{code}\n") == []


def test_only_watched_classes_are_told_each_once_in_a_file(tmp_path: Path) -> None:
    code = "import shop.legacy as l\nl.Old.LIMIT\nl.Old.LIMIT\nisinstance(1, l.Old)\n"
    assert _uses(tmp_path, code, "shop.legacy:Old") == [("shop.legacy:Old", 2), ("shop.legacy:Old", 4)]
    assert _uses(tmp_path / "other", code, "shop.legacy:other") == []
