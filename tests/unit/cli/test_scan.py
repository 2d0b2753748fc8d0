from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from unit.inventory.trees import write

from ssot_probe import cli

TREE = {
    "chat/__init__.py": "",
    "chat/manager.py": "class WebSocketManager: ...\ndef get_manager() -> WebSocketManager: ...\n",
    "chat/old.py": "class OldWebSocketManager: ...\n",
    "chat/app.py": """\
        from typing import TYPE_CHECKING
        from chat.manager import WebSocketManager
        if TYPE_CHECKING:
            import chat.old
        def f(name):
            from chat import old
            __import__(name)
            return WebSocketManager()
        x = "chat.old:OldWebSocketManager"
    """,
    "build/m.py": "",
}
POLICY = '[[concept]]\nname = "manager"\nclasses = ["*WebSocketManager"]\n'


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSOT_PROBE_CONFIG", "SSOT_PROBE_DIR", "SSOT_PROBE_EXPORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSOT_PROBE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")


def run(*arguments: str) -> int:
    return cli.execute(("scan", *arguments))


def test_the_summary_says_what_there_is_and_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path(), TREE)
    assert run() == 0
    out = capsys.readouterr().out
    for line in (
        "scanned     .: 4 Python files",
        "policy      none: concepts are inferred from class names",
        "ignored     build output 1",
        "classes     2",
        "imports     4: 2 at load, 1 in functions, 1 for type checkers only, 0 guarded (try, if, main)",
        "and 1 call that import a computed name",
        "socket-manager (inferred): 2 classes, 2 makers, constructed at 1 place",
        "chat/manager.py:1  class chat.manager:WebSocketManager",
        "chat/manager.py:2  function chat.manager:get_manager -> chat.manager:WebSocketManager",
        "The inventory lies in ssot-probe-data/scan-shop.traces.jsonl.gz",
        "ssot-probe report ssot-probe-data",
    ):
        assert line in out
    assert Path("ssot-probe-data/scan-shop.traces.jsonl.gz").exists()


def test_concepts_are_those_of_the_nearest_policy(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path(), {**TREE, "ssot-probe.toml": POLICY})
    assert run("chat") == 0
    out = capsys.readouterr().out
    assert "manager: 2 classes, 2 makers, constructed at 1 place" in out
    assert "chat/manager.py:1" in out
    assert "ssot-probe.toml" in out


def test_a_policy_can_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path(), {**TREE, "other.toml": POLICY.replace('"manager"', '"other"')})
    assert run("--config", "other.toml") == 0
    assert "other: 2 classes" in capsys.readouterr().out
    assert run("--config", "gone.toml") == 2


def test_json_holds_all_lists(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path(), {**TREE, "bad.py": "x = (\n"})
    assert run("--format", "json") == 0
    view = json.loads(capsys.readouterr().out)
    assert view["schema"] == "ssot-probe/scan/1"
    assert view["files"] == ["chat/__init__.py", "chat/app.py", "chat/manager.py", "chat/old.py"]
    assert {one["module"] for one in view["modules"]} == {"chat", "chat.app", "chat.manager", "chat.old"}
    assert [one["class"] for one in view["classes"]] == [
        "chat.manager:WebSocketManager",
        "chat.old:OldWebSocketManager",
    ]
    assert {one["module"] for one in view["imports"]} == {"typing", "chat.manager", "chat.old", "chat"}
    assert [one["maker"] for one in view["makers"]] == ["chat.app:f", "chat.manager:get_manager"]
    assert {(one["target"], one["kind"]) for one in view["references"]} == {
        *(("", "computed-import"), ("chat.old:OldWebSocketManager", "string")),
    }
    assert [one["file"] for one in view["unreadable"]] == ["bad.py"]
    assert view["counts"]["unreadable"] == 1


def test_files_that_cannot_be_read_are_told_first_and_change_no_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(Path(), {**TREE, "bad.py": "x = 1\nprint 'x'\n"})
    assert run() == 0
    out = capsys.readouterr().out
    assert out.startswith("NOT READ: 1 file, listed below")
    assert "bad.py  cannot be parsed: line 2: Missing parentheses" in out


def test_a_place_without_source_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nowhere") == 2
    assert "nowhere: there is no such file or directory [usage]" in capsys.readouterr().err
    assert run() == 2
    assert ".: holds no Python file [usage]" in capsys.readouterr().err
    write(Path(), {"build/m.py": ""})
    assert run() == 2
    assert "holds no Python file (passed over: build output 1)" in capsys.readouterr().err


def test_the_inventory_goes_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path(), TREE)
    assert run("--out", "there") == 0
    assert os.listdir("there") == ["scan-shop.traces.jsonl.gz"]
    monkeypatch.setenv("SSOT_PROBE_DIR", str(tmp_path / "data"))
    assert run("chat", "--output", "summary.txt") == 0
    assert os.listdir(tmp_path / "data") == ["scan-chat.traces.jsonl.gz"]
    captured = capsys.readouterr()
    assert captured.err == f"The summary lies in {os.path.abspath('summary.txt')}\n"
    assert "WebSocketManager" in Path("summary.txt").read_text()
    assert run("--out", "chat/app.py") == 2
    assert run("--output", "gone/summary.txt") == 2


def test_what_is_excluded_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path(), TREE)
    assert run("--exclude", "old.py", "--exclude", "chat/app*") == 0
    out = capsys.readouterr().out
    assert "excluded 2" in out
    assert ".: 2 Python files" in out


def test_the_cache_is_used_unless_told_otherwise(tmp_path: Path) -> None:
    write(Path(), TREE)
    assert run("--no-cache") == 0
    assert not (tmp_path / "cache").exists()
    assert run() == 0
    assert (tmp_path / "cache" / "scan.sqlite3").exists()


def test_what_may_act_on_a_terminal_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path(), {"a\x1b[31m.py": "(\n", "b.py": ""})
    assert run() == 0
    assert "\x1b" not in capsys.readouterr().out
