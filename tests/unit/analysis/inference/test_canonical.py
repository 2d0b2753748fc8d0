from __future__ import annotations

from unit.analysis.inference.source import Source

from ssot_probe.analysis.inference.canonical import Standing

MANAGER = "chat.ws.manager:WebSocketManager"
UNIFIED = "chat.ws.unified:UnifiedWebSocketManager"


def two_managers() -> Source:
    source = Source()
    source.declares(MANAGER, "add_connection send_message")
    source.declares(UNIFIED, "add_connection broadcast")
    return source


def test_the_class_that_most_files_import_is_canonical() -> None:
    source = two_managers()
    source.uses(MANAGER, "chat/a.py")
    source.uses(UNIFIED, "chat/b.py", "chat/c.py")
    canonical = source.concept("websocket-manager").canonical
    assert canonical.path == UNIFIED
    assert canonical.standings == (Standing(UNIFIED, 2, 0), Standing(MANAGER, 1, 0))
    assert not canonical.is_close


def test_files_that_import_what_returns_it_count_too() -> None:
    source = two_managers()
    source.returns("chat.ws.manager:get_manager", MANAGER)
    source.uses("chat.ws.manager:get_manager", "chat/a.py", "chat/b.py")
    source.uses(UNIFIED, "chat/c.py")
    assert source.concept("websocket-manager").canonical.path == MANAGER


def test_a_file_counts_once_and_tests_do_not_count() -> None:
    source = two_managers()
    source.uses(MANAGER, "chat/a.py", "chat/a.py", "tests/test_ws.py", "chat/tests/test_ws.py")
    source.uses(UNIFIED, "chat/b.py", "chat/c.py")
    canonical = source.concept("websocket-manager").canonical
    assert canonical.standings == (Standing(UNIFIED, 2, 0), Standing(MANAGER, 1, 0))


def test_places_that_construct_it_decide_where_imports_do_not_and_the_call_is_close() -> None:
    source = two_managers()
    source.uses(MANAGER, "chat/a.py")
    source.uses(UNIFIED, "chat/b.py")
    source.calls(UNIFIED, "chat/b.py:9")
    canonical = source.concept("websocket-manager").canonical
    assert canonical.path == UNIFIED
    assert canonical.is_close


def test_of_equals_the_one_without_a_legacy_word_is_canonical() -> None:
    source = Source()
    source.declares("chat.old:WebSocketManager", "send_message")
    source.declares("chat.sockets:WebSocketManager", "send_message")
    source.uses("chat.old:WebSocketManager", "chat/a.py")
    source.uses("chat.sockets:WebSocketManager", "chat/b.py")
    assert source.concept("websocket-manager").canonical.path == "chat.sockets:WebSocketManager"


def test_the_path_that_most_files_use_is_the_canonical_one() -> None:
    source = two_managers()
    source.uses(MANAGER, "chat/ws/__init__.py")
    source.bind("chat.ws:WebSocketManager", MANAGER)
    source.uses("chat.ws:WebSocketManager", "chat/a.py", "chat/b.py")
    source.uses(MANAGER, "chat/c.py")
    assert source.concept("websocket-manager").canonical.path == "chat.ws:WebSocketManager"


def test_a_module_that_passes_the_class_on_is_no_user_of_it() -> None:
    source = two_managers()
    source.bind("chat.names:WebSocketManager", MANAGER)
    source.uses(MANAGER, "chat/names.py")
    source.uses("chat.names:WebSocketManager", "chat/a.py")
    source.uses(UNIFIED, "chat/b.py", "chat/c.py")
    canonical = source.concept("websocket-manager").canonical
    assert canonical.standings == (Standing(UNIFIED, 2, 0), Standing(MANAGER, 1, 0))


def test_the_path_through_a_legacy_module_is_not_canonical_however_many_use_it() -> None:
    source = two_managers()
    source.bind("chat.compat:WebSocketManager", MANAGER)
    source.uses("chat.compat:WebSocketManager", "chat/a.py", "chat/b.py")
    source.uses(MANAGER, "chat/c.py")
    assert source.concept("websocket-manager").canonical.path == MANAGER


def test_where_nothing_is_used_none_is_canonical() -> None:
    assert two_managers().concept("websocket-manager").canonical.path == ""


def test_none_of_several_alternatives_is_canonical() -> None:
    source = Source()
    source.declares("shop.redis:RedisSessionStore", "load_session save_session")
    source.declares("shop.disk:FileSessionStore", "load_session save_session")
    source.uses("shop.redis:RedisSessionStore", "shop/a.py")
    concept = source.concept("session-store")
    assert concept.canonical.path == ""
    assert concept.max_classes == 2


def test_subclasses_are_no_rivals() -> None:
    source = Source()
    source.declares(MANAGER, "send_message")
    source.declares(UNIFIED, "send_message", bases=(MANAGER,))
    source.uses(MANAGER, "chat/a.py")
    source.calls(MANAGER, "chat/a.py:4")
    source.returns("chat.ws.manager:get_manager", MANAGER)
    canonical = source.concept("websocket-manager").canonical
    assert [standing.name for standing in canonical.standings] == [MANAGER]
