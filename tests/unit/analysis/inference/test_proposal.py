from __future__ import annotations

from unit.analysis.build import Program, recording_of
from unit.analysis.inference.source import Source

from ssot_probe.analysis.inference.proposal import MOST_CONCEPTS, propose

MANAGER = "chat.ws.manager:WebSocketManager"


def reasons(source: Source) -> dict[str, tuple[str, ...]]:
    return {concept.group.name: concept.reasons for concept in source.proposal.concepts}


def test_a_class_that_is_used_along_one_path_and_called_is_not_worth_watching() -> None:
    source = Source()
    source.declares(MANAGER, "send_message add_connection")
    source.uses(MANAGER, "chat/a.py")
    source.calls(MANAGER, "chat/a.py:4")
    assert reasons(source) == {}


def test_several_classes_paths_and_factories_are() -> None:
    source = Source()
    source.declares(MANAGER, "send_message add_connection")
    source.declares("chat.fresh:NewWebSocketManager", "send_message add_connection")
    source.bind("chat.names:WebSocketManager", MANAGER)
    source.uses(MANAGER, "chat/a.py")
    source.uses("chat.names:WebSocketManager", "chat/b.py")
    source.returns("chat.ws.manager:get_manager", MANAGER)
    source.returns("chat.fresh:get_manager", "chat.fresh:NewWebSocketManager")
    assert reasons(source) == {"websocket-manager": ("2 classes", "2 factories", "2 import paths")}


def test_a_single_factory_is_something_to_keep_to() -> None:
    source = Source()
    source.declares(MANAGER, "send_message add_connection")
    source.returns("chat.ws.manager:get_manager", MANAGER)
    assert reasons(source) == {"websocket-manager": ("a factory to keep to",)}


def test_an_instance_at_the_top_of_a_module_is_worth_watching_where_the_class_does_something() -> None:
    source = Source()
    source.declares("chat.pool:ConnectionPool", "add_socket discard_socket")
    source.calls("chat.pool:ConnectionPool", "chat/pool.py:40", inside="<module>")
    source.declares("chat.cli:WorkersPool", "convert", bases=("click:Choice",))
    source.calls("chat.cli:WorkersPool", "chat/cli.py:4", inside="<module>")
    assert reasons(source) == {"connection-pool": ("an instance made at import",)}
    assert source.concept("connection-pool").is_process_wide


def test_alternatives_that_nobody_uses_by_name_are_not_worth_watching() -> None:
    source = Source()
    source.declares("shop.redis:RedisSessionStore", "load_session save_session")
    source.declares("shop.disk:FileSessionStore", "load_session save_session")
    assert reasons(source) == {}


def test_one_glob_stands_for_the_members_where_it_means_no_other_class() -> None:
    source = Source()
    source.declares(MANAGER, "send_message add_connection")
    source.declares("chat.fresh:NewWebSocketManager", "send_message add_connection")
    assert source.concept("websocket-manager").patterns == ("*WebSocketManager",)
    source.declares("chat.other:OtherWebSocketManager", "paint_picture hang_picture")
    assert source.concept("websocket-manager").patterns == ("chat.fresh:NewWebSocketManager", MANAGER)


def test_the_most_doubtful_concepts_come_first_and_the_rest_is_kept() -> None:
    source = Source()
    for letter in "abcdefghijklmno":
        name = f"chat.{letter}:{letter.upper()}lphaStore"
        source.declares(name, f"{letter}_one {letter}_two")
        source.returns(f"chat.{letter}:get_store", name)
    source.declares("chat.old:ZetaStore", "z_one z_two")
    source.declares("chat.new:ZetaStore", "z_one z_two")
    proposal = source.proposal
    assert proposal.concepts[0].group.name == "zeta-store"
    assert len(proposal.concepts) == MOST_CONCEPTS
    assert len(proposal.rest) == 4


def test_packages_are_what_lies_at_the_top_without_tests_and_documents() -> None:
    source = Source()
    for module in ("chat.app", "chat", "worker", "tests.test_chat", "conftest", "docs.conf", "setup"):
        source.module(module)
    assert source.proposal.packages == ("chat", "worker")


def test_what_lies_inside_a_package_is_no_package_of_its_own() -> None:
    source = Source()
    for module, file in (
        ("chat", "src/chat/__init__.py"),
        ("chat.ws.app", "src/chat/ws/app.py"),
        ("aim", "src/chat/hooks/aim/__init__.py"),  # hooks has no __init__.py
        ("aim.guard", "src/chat/hooks/aim/guard.py"),
    ):
        source.module(module)
        source.records[-1] = source.records[-1]._replace(file=file)  # type: ignore[call-arg]
    assert source.proposal.packages == ("chat",)


def test_a_recording_is_read_like_a_tree() -> None:
    program = Program()
    program.cls(MANAGER)
    program.cls("chat.ws.unified:UnifiedWebSocketManager")
    program.imports("chat/a.py:3", MANAGER, count=40)
    program.imports("chat/b.py:3", MANAGER)
    program.imports("chat/c.py:3", "chat.ws.unified:UnifiedWebSocketManager")
    program.constructs("chat/a.py:9", count=7)
    program.hands_out("chat/b.py:9", "chat.ws.manager:get_manager")
    (concept,) = propose(recording_of(program)).concepts
    assert concept.canonical.path == MANAGER
    assert concept.factories.chosen == ("chat.ws.manager:get_manager",)
    assert (concept.canonical.standings[0].files, concept.canonical.standings[0].places) == (2, 1)


def test_nothing_is_proposed_from_nothing() -> None:
    proposal = Source().proposal
    assert (proposal.packages, proposal.concepts, proposal.users) == ((), (), ())
