from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.children import PROGRAMS, write_files
from unit.analysis.build import MANAGER, Program
from unit.cli.test_commands import record

from ssot_probe import cli
from ssot_probe.model.policy import Policy
from ssot_probe.policy_file import read_policy

CHAT = Path(__file__).parents[3] / "examples" / "chat"

SHOP = {
    "shop/__init__.py": "",
    "shop/auth.py": "from contextvars import ContextVar\n\ncurrent_user = ContextVar('current_user')\n",
    "shop/store.py": """\
        class OrderStore:
            def load_order(self): ...
            def save_order(self): ...

        def get_store():
            return OrderStore()
        """,
    "shop/better.py": """\
        class BetterOrderStore:
            def load_order(self): ...
            def save_order(self): ...
        """,
    "shop/views.py": "from shop.store import OrderStore, get_store\n",
    "tests/test_shop.py": "from shop.better import BetterOrderStore\n",
}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSOT_PROBE_CONFIG", raising=False)
    monkeypatch.setenv("SSOT_PROBE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")


def init(*arguments: str) -> int:
    return cli.execute(("init", *arguments))


def policy(file: str = "ssot-probe.toml") -> Policy:
    return read_policy(file)


def test_the_policy_of_a_tree_is_written_to_its_root_and_read_back() -> None:
    write_files(Path("service"), SHOP)
    assert init("--from", "service") == 0
    (concept,) = policy("service/ssot-probe.toml").concepts
    assert policy("service/ssot-probe.toml").packages == ("shop",)
    assert [user.target for user in policy("service/ssot-probe.toml").user] == ["shop.auth:current_user"]
    assert concept.name == "order-store"
    assert concept.canonical == "shop.store:OrderStore"
    assert concept.factories == ("shop.store:get_store",)


def test_without_from_the_current_directory_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    write_files(Path(), SHOP)
    assert init() == 0
    assert policy().packages == ("shop",)
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("Read the source tree: 5 modules of shop, ")
    assert any("order-store: 2 classes" in line and "shop.store:OrderStore" in line for line in out)
    assert "Written to ssot-probe.toml." in out[-4]
    assert out[-2].startswith("  ssot-probe run -- ")
    assert 5 <= len(out) <= 15


def test_a_file_that_is_there_is_kept_unless_forced(capsys: pytest.CaptureFixture[str]) -> None:
    write_files(Path(), {**SHOP, "ssot-probe.toml": "# mine\n"})
    assert init() == 2
    assert "ssot-probe.toml is there already; --force replaces it" in capsys.readouterr().err
    assert Path("ssot-probe.toml").read_text() == "# mine\n"
    assert init("--force") == 0
    assert policy().concepts
    assert init("--output", "ssot-probe.toml") == 2
    assert init("--output", "other.toml") == 0


def test_the_policy_can_be_shown_instead(capsys: pytest.CaptureFixture[str]) -> None:
    write_files(Path(), {**SHOP, "ssot-probe.toml": "# mine\n"})
    assert init("--output", "-") == 0
    assert capsys.readouterr().out.startswith("# A starting policy, inferred from the source tree")
    assert Path("ssot-probe.toml").read_text() == "# mine\n"


def test_nothing_of_the_tree_is_run() -> None:
    write_files(Path(), {**SHOP, "shop/bomb.py": "open('ran', 'w')\nraise SystemExit(9)\n"})
    assert init() == 0
    assert not Path("ran").exists()


def test_the_text_is_the_same_from_everywhere_and_names_no_directory_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(Path("tests/service"), SHOP)
    texts = []
    for directory, source in ((".", "tests/service"), ("tests", "service"), ("tests/service", ".")):
        monkeypatch.chdir(tmp_path / "project" / directory)
        output = str(tmp_path / "out.toml")
        assert init("--from", source, "--output", output, "--force") == 0
        texts.append(Path(output).read_text())
    assert len(set(texts)) == 1
    assert "order-store" in texts[0]
    assert tmp_path.name not in texts[0]


def test_a_recording_is_read_too_and_its_policy_goes_to_the_current_directory() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("chat.ws.unified:UnifiedWebSocketManager")
    program.imports("chat/a.py:3", MANAGER)
    program.constructs("chat/a.py:9")
    program.stop()
    assert init("--from", record(program, Path("recording"))) == 0
    (concept,) = policy().concepts
    assert concept.canonical == MANAGER
    assert "inferred from a recording" in Path("ssot-probe.toml").read_text()
    assert cli.execute(("report", "recording", "--fail-on", "error")) == 1


def test_what_a_tree_holds_beside_its_source_makes_it_no_recording() -> None:
    files = {"package.json": "{}", "src/app/__init__.py": "", "src/app/main.py": "import app\n"}
    write_files(Path(), files)
    assert init() == 0
    assert policy().packages == ("app",)


def test_a_recording_may_lie_deeper() -> None:
    program = Program()
    program.cls(MANAGER)
    program.stop()
    Path("recordings").mkdir()
    record(program, Path("recordings/web"))
    assert init("--from", "recordings") == 0
    assert policy().packages == ("chat",)


def test_a_recording_of_nothing_is_no_evidence() -> None:
    Path("recording").mkdir()
    Path("recording/empty.jsonl").write_text("")
    assert init("--from", "recording") == 3
    assert not Path("ssot-probe.toml").exists()


def test_what_holds_nothing_to_read_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--from", "nowhere") == 2
    assert "--from nowhere: there is no such directory" in capsys.readouterr().err
    assert init() == 2
    assert "holds no Python file and no recording" in capsys.readouterr().err
    write_files(Path(), SHOP)
    assert init("--output", "missing/ssot-probe.toml") == 2
    assert "missing/ssot-probe.toml: cannot be written" in capsys.readouterr().err


def test_a_tree_without_concepts_gives_a_skeleton(capsys: pytest.CaptureFixture[str]) -> None:
    write_files(Path(), {"app.py": "print('hello')\n"})
    assert init() == 0
    assert policy().concepts == ()
    assert policy().packages == ("app",)
    assert "No concept was found that is worth watching" in capsys.readouterr().out


def test_a_table_in_pyproject_that_is_no_longer_read_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    write_files(Path(), {**SHOP, "pyproject.toml": '[tool.ssot_probe]\npackages = ["shop"]\n'})
    assert init() == 0
    assert "pyproject.toml holds a policy too, which is no longer read" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(path.name for path in PROGRAMS.iterdir() if any(path.rglob("*.py"))))
def test_the_policy_of_every_program_is_read_back(name: str) -> None:
    shutil.copytree(PROGRAMS / name, "program")
    assert init("--from", "program", "--force") == 0
    policy("program/ssot-probe.toml")


def test_the_fragmented_chat_service_is_seen_as_its_owners_see_it() -> None:
    shutil.copytree(CHAT / "fragmented", "chat")
    theirs = policy("chat/ssot-probe.toml")
    assert init("--from", "chat", "--output", "ours.toml") == 0
    ours, text = policy("ours.toml"), Path("ours.toml").read_text()
    assert (ours.packages, ours.user) == (theirs.packages, theirs.user)
    wanted, found = theirs.concepts[0], ours.concepts[0]
    assert found.name == wanted.name
    assert found.classes == wanted.classes
    assert found.canonical == wanted.canonical
    assert found.factories == wanted.factories
    assert found.legacy == ("chat.ws.compat",)
    mentioned = {path for path in wanted.legacy if f'"{path}",  # ' in text}
    # What lies there has another name; that it is similar is said beside the members.
    theirs_alone = {"chat.ws.line_protocol", "chat.ws.usage", "chat.ws.tickets:SocketTicket"}  # no managers
    assert {*wanted.legacy} - mentioned == {"chat.ws.connection_manager", *theirs_alone}
    assert "not counted: chat.ws.connection_manager:WebSocketConnectionManager, though its name is" in text


def test_the_consolidated_chat_service_has_one_class_and_one_factory() -> None:
    shutil.copytree(CHAT / "consolidated", "chat")
    assert init("--from", "chat", "--output", "ours.toml") == 0
    (concept,) = policy("ours.toml").concepts
    assert concept.canonical == "chat.ws.manager:WebSocketManager"
    assert concept.factories == ("chat.ws.manager:get_websocket_manager",)
    assert concept.legacy == ()
