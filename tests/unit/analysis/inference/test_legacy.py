from __future__ import annotations

from unit.analysis.inference.source import Source

MANAGER = "chat.ws.manager:WebSocketManager"


def manager() -> Source:
    source = Source()
    source.declares(MANAGER, "add_connection send_message")
    source.returns("chat.ws.manager:get_manager", MANAGER)
    source.uses(MANAGER, "chat/a.py", "chat/b.py", "chat/c.py")
    return source


def legacy(source: Source) -> dict[str, tuple[tuple[str, ...], int, bool]]:
    found = source.concept("websocket-manager").legacy
    return {path.entry: (path.reasons, path.importers, path.is_certain) for path in found}


def test_a_module_that_warns_when_it_is_imported_is_legacy_for_certain() -> None:
    source = manager()
    source.warns("chat.sockets")
    source.bind("chat.sockets:WebSocketManager", MANAGER)
    assert legacy(source) == {"chat.sockets": (("its import warns of its deprecation",), 0, True)}
    source.uses("chat.sockets:WebSocketManager", "chat/d.py")
    assert legacy(source) == {
        "chat.sockets": (("its import warns of its deprecation", "passes on WebSocketManager"), 1, True)
    }


def test_a_deprecated_module_of_something_else_that_uses_the_class_is_not_legacy_for_it() -> None:
    source = manager()
    source.warns("chat.handlers")
    source.declares("chat.handlers:Handler", "handle_message")
    source.bind("chat.handlers:WebSocketManager", MANAGER)
    assert legacy(source) == {}
    assert source.proposal.deprecated == (("chat.handlers", 0),)


def test_a_module_that_says_compat_and_passes_the_class_on_is_legacy_for_certain() -> None:
    source = manager()
    source.bind("chat.compat:WebSocketManager", MANAGER)
    source.uses("chat.compat:WebSocketManager", "chat/d.py")
    assert legacy(source) == {
        "chat.compat": (("its name says compat", "passes on WebSocketManager"), 1, True)
    }


def test_a_module_that_only_passes_the_class_on_may_be_legacy() -> None:
    source = manager()
    source.bind("chat.names:WebSocketManager", MANAGER)
    source.uses("chat.names:WebSocketManager", "chat/d.py", "chat/e.py")
    assert legacy(source) == {"chat.names": (("passes on WebSocketManager",), 2, False)}


def test_the_package_of_the_class_is_its_door_and_not_legacy() -> None:
    source = manager()
    source.bind("chat.ws:WebSocketManager", MANAGER)
    source.uses("chat.ws:WebSocketManager", "chat/d.py")
    assert legacy(source) == {}


def test_a_module_that_imports_the_class_for_itself_is_not_legacy() -> None:
    source = manager()
    source.bind("chat.compat:WebSocketManager", MANAGER)
    source.function("chat.compat:helper")
    assert legacy(source) == {}


def test_a_module_with_other_work_is_not_legacy_only_the_name_in_it() -> None:
    source = manager()
    source.declares("chat.views:View", "render_page")
    source.bind("chat.views:WebSocketManager", MANAGER)
    source.uses("chat.views:WebSocketManager", "chat/d.py")
    assert legacy(source) == {
        "chat.views:WebSocketManager": (("passes on what chat.ws.manager defines",), 1, False)
    }


def test_rivals_of_the_canonical_class_may_be_legacy() -> None:
    source = manager()
    source.declares("chat.ws.unified:UnifiedWebSocketManager", "send_message")
    source.uses("chat.ws.unified:UnifiedWebSocketManager", "chat/d.py")
    assert legacy(source) == {
        "chat.ws.unified": (("defines UnifiedWebSocketManager beside the canonical class",), 1, False)
    }


def test_names_that_say_old_may_be_legacy_as_whole_words_only() -> None:
    source = manager()
    source.returns("chat.ws.manager:get_old_manager", MANAGER)
    source.returns("chat.ws.manager:get_golden_manager", MANAGER)
    assert legacy(source) == {"chat.ws.manager:get_old_manager": (("its name says old",), 0, False)}


def test_an_adapter_is_legacy_only_where_something_else_agrees() -> None:
    source = manager()
    source.declares("chat.adapters:Adapter", "adapt_message")
    source.bind("chat.adapters:WebSocketManager", MANAGER)
    assert legacy(source) == {}
    source = manager()
    source.bind("chat.adapter:WebSocketManager", MANAGER)
    source.uses("chat.adapter:WebSocketManager", "chat/d.py")
    assert legacy(source) == {
        "chat.adapter": (("passes on WebSocketManager", "its name says adapter"), 1, False)
    }
