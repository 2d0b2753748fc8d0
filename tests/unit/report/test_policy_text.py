from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from unit.analysis.build import Program, recording_of
from unit.analysis.inference.source import Source

from ssot_probe.analysis.inference.proposal import propose
from ssot_probe.analysis.judge import judge
from ssot_probe.model.policy import Policy
from ssot_probe.policy_file import read_policy
from ssot_probe.report.policy_text import WIDTH, quoted, render

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MANAGER = "chat.ws.manager:WebSocketManager"
UNIFIED = "chat.ws.unified:UnifiedWebSocketManager"


def text_of(source: Source, *variables: str) -> str:
    return render(propose(recording_of(source), variables), "the source tree")


def read(text: str, directory: Path) -> Policy:
    file = directory / "ssot-probe.toml"
    file.write_text(text, encoding="utf-8")
    return read_policy(str(file))


def fragmented() -> Source:
    source = Source()
    source.declares(MANAGER, "add_connection send_message")
    source.declares(UNIFIED, "add_connection broadcast")
    source.declares("chat.live:RealtimeHub", "add_connection send_message")
    source.bind("chat.compat:WebSocketManager", MANAGER)
    source.uses("chat.compat:WebSocketManager", "chat/z.py")
    source.uses(MANAGER, "chat/a.py", "chat/b.py")
    source.uses(UNIFIED, "chat/c.py")
    source.returns("chat.ws.manager:get_manager", MANAGER)
    source.calls(MANAGER, "chat/ws/manager.py:41", inside="get_manager")
    return source


@given(st.text())
def test_any_text_is_quoted_so_that_toml_reads_it_back(text: str) -> None:
    assert tomllib.loads(f"key = {quoted(text)}") == {"key": text}


@given(st.text(st.characters(categories=["Cs", "Cc", "L"])))
def test_text_that_no_file_can_hold_is_quoted_all_the_same(text: str) -> None:
    assert tomllib.loads(f"key = {quoted(text)}".encode().decode()).keys() == {"key"}


def test_what_is_written_is_read_back_as_the_policy(tmp_path: Path) -> None:
    policy = read(text_of(fragmented(), "chat.auth:current_user"), tmp_path)
    (concept,) = policy.concepts
    assert policy.packages == ("chat",)
    assert [(user.kind, user.target) for user in policy.user] == [("contextvar", "chat.auth:current_user")]
    assert concept.name == "websocket-manager"
    assert concept.classes == ("*WebSocketManager",)
    assert concept.canonical == MANAGER
    assert concept.factories == ("chat.ws.manager:get_manager",)
    assert concept.legacy == ("chat.compat",)
    assert concept.isolation == "user"


def test_what_is_doubtful_is_commented_out_with_its_reason() -> None:
    text = text_of(fragmented())
    reason = "defines UnifiedWebSocketManager beside the canonical class; 1 file imports it"
    assert f'\n  # "chat.ws.unified",  # {reason}\n' in text
    assert (
        '\n  "chat.compat",  # its name says compat, passes on WebSocketManager; 1 file imports it\n' in text
    )
    assert '\n# isolation = "user" ' in text


def test_factories_that_most_places_pass_by_are_commented_out(tmp_path: Path) -> None:
    source = fragmented()
    source.calls(MANAGER, "chat/a.py:9")
    source.calls(MANAGER, "chat/b.py:9")
    text = text_of(source)
    assert "# Inside these: only 1 of 3 places that construct it. Shall all go through them?" in text
    assert read(text, tmp_path).concepts[0].factories == ()


def test_a_pool_serves_the_whole_process(tmp_path: Path) -> None:
    source = Source()
    source.declares("chat.pool:ConnectionPool", "add_socket discard_socket")
    source.calls("chat.pool:ConnectionPool", "chat/pool.py:40", inside="<module>")
    text = text_of(source)
    assert "# An instance is made at import, for the whole process: chat/pool.py:40.\n" in text
    assert read(text, tmp_path).concepts[0].isolation == "process"


def test_alternatives_may_be_as_many_as_they_are(tmp_path: Path) -> None:
    source = Source()
    source.declares("shop.redis:RedisSessionStore", "load_session save_session")
    source.declares("shop.disk:FileSessionStore", "load_session save_session")
    source.uses("shop.redis:RedisSessionStore", "shop/a.py")
    text = text_of(source)
    policy = read(text, tmp_path)
    assert policy.concepts[0].max_classes == 2
    assert '\n# canonical = "shop.redis:RedisSessionStore"    # the most used of them\n' in text
    assert "SSOT101" not in [finding.code for finding in judge(recording_of(source), policy).findings]


def test_a_policy_from_nothing_is_a_skeleton_of_comments_that_is_read(tmp_path: Path) -> None:
    text = text_of(Source())
    assert read(text, tmp_path) == Policy(source=str(tmp_path / "ssot-probe.toml"))
    uncommented = "\n".join(
        line.removeprefix("# ") for line in text.splitlines() if " = " in line or "[[" in line
    )
    assert read(uncommented, tmp_path).concepts[0].name == "session-store"


def test_the_same_tree_gives_the_same_text() -> None:
    source = fragmented()
    before = text_of(source)
    source.records.reverse()
    assert text_of(source) == before


def test_what_is_commented_out_is_valid_when_it_is_uncommented(tmp_path: Path) -> None:
    text = text_of(fragmented(), "chat.auth:current_user", "chat.auth:user_context")
    live = text.replace('  # "', '  "').replace("# isolation", "isolation")
    (concept,) = read(live, tmp_path).concepts
    assert concept.legacy == ("chat.compat", "chat.ws.unified")


def test_odd_file_names_do_no_harm(tmp_path: Path) -> None:
    source = Source()
    source.declares("chat.pool:ConnectionPool", "add_socket discard_socket")
    for file in ("a\nb.py", "a\x07b.py", "\udcff.py", "größe\u2028.py"):
        source.calls("chat.pool:ConnectionPool", f"{file}:40", inside="<module>")
    assert read(text_of(source), tmp_path).concepts[0].name == "connection-pool"


def test_comments_stay_on_the_page() -> None:
    prose = [line for line in text_of(fragmented()).splitlines() if line.startswith("# ")]
    assert max(map(len, prose)) <= WIDTH


def test_what_is_inferred_from_a_recording_judges_it(tmp_path: Path) -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls(UNIFIED)
    program.imports("chat/a.py:3", MANAGER)
    program.constructs("chat/a.py:9")
    recording = recording_of(program)
    policy = read(render(propose(recording), "a recording"), tmp_path)
    codes = [finding.code for finding in judge(recording, policy).findings]
    assert codes == ["SSOT101"]


def test_what_to_know_of_the_source_is_said_at_the_top() -> None:
    text = render(propose(recording_of(Source())), "a recording", "It holds what ran.")
    assert "\n# It holds what ran.\n" in text.partition("packages")[0]
