from __future__ import annotations

from unit.analysis.inference.source import Source

MANAGER = "chat.ws.manager:WebSocketManager"
UNIFIED = "chat.ws.unified:UnifiedWebSocketManager"
GET = "chat.ws.manager:get_manager"


def managers() -> Source:
    source = Source()
    source.declares(MANAGER, "add_connection send_message")
    source.declares(UNIFIED, "add_connection broadcast")
    source.uses(MANAGER, "chat/a.py", "chat/b.py")
    source.returns(GET, MANAGER)
    return source


def test_what_returns_the_canonical_class_is_a_factory_and_the_rest_is_named() -> None:
    source = managers()
    source.returns("chat.ws.unified:get_manager", UNIFIED)
    source.returns("chat.ws.compat:create_manager", MANAGER)
    factories = source.concept("websocket-manager").factories
    assert factories.chosen == (GET,)
    assert [maker.name for maker in factories.others] == [
        "chat.ws.compat:create_manager",
        "chat.ws.unified:get_manager",
    ]


def test_factories_are_a_rule_where_most_places_keep_to_them() -> None:
    source = managers()
    source.calls(MANAGER, "chat/ws/manager.py:41", inside="get_manager")
    source.calls(MANAGER, "chat/a.py:9")
    assert source.concept("websocket-manager").factories.is_rule
    source.calls(MANAGER, "chat/b.py:9")
    factories = source.concept("websocket-manager").factories
    assert not factories.is_rule
    assert (factories.inside, factories.outside) == (1, 2)


def test_methods_by_which_a_class_returns_its_own_kind_are_no_factories() -> None:
    source = managers()
    source.returns(f"{MANAGER}.create_copy", MANAGER, kind="method")
    assert source.concept("websocket-manager").factories.chosen == (GET,)


def test_methods_that_only_hand_out_what_their_object_holds_are_no_factories() -> None:
    source = managers()
    source.declares("chat.app:Application", "manager create_manager")
    source.returns("chat.app:Application.manager", MANAGER, kind="method")
    source.returns("chat.app:Application.create_manager", MANAGER, kind="method")
    assert source.concept("websocket-manager").factories.chosen == (
        "chat.app:Application.create_manager",
        GET,
    )


def test_what_tests_make_is_no_factory() -> None:
    source = managers()
    source.returns("tests.helpers:make_manager", MANAGER)
    source.calls(MANAGER, "tests/test_ws.py:4")
    factories = source.concept("websocket-manager").factories
    assert factories.chosen == (GET,)
    assert factories.outside == 0
