from __future__ import annotations

from unit.analysis.inference.source import Source

MANAGER = "chat.ws.manager:WebSocketManager"
UNIFIED = "chat.ws.unified:UnifiedWebSocketManager"
SOCKETS = "add_connection remove_connection send_message emit_agent_event"


def members(source: Source) -> dict[str, tuple[str, ...]]:
    return {name: found.members for name, found in source.groups.items()}


def test_versions_of_one_name_are_one_concept() -> None:
    source = Source()
    source.declares(MANAGER, SOCKETS)
    source.declares(UNIFIED, "emit_agent_event broadcast")
    source.declares("chat.ws.v2:WebSocketManagerV2", "something_else entirely_different")
    assert members(source) == {"websocket-manager": (MANAGER, UNIFIED, "chat.ws.v2:WebSocketManagerV2")}
    assert not source.groups["websocket-manager"].is_alternatives


def test_a_name_that_only_sounds_like_a_version_is_none() -> None:
    source = Source()
    source.declares("bot.files:PromptManager", "read_file render_prompt")
    source.declares("bot.vendors:GenericPromptManager", "vendor_name ask_vendor")
    assert {len(names) for names in members(source).values()} == {1}


def test_stores_of_different_things_are_different_concepts() -> None:
    source = Source()
    source.declares("shop.users:UserRepository", "find_by_email save_or_update")
    source.declares("shop.orders:OrderRepository", "find_by_email save_or_update")
    source.declares("shop.notes:NoteStore", "save_note load_note")
    source.declares("shop.tags:TagStore", "save_tag load_tag")
    assert {len(names) for names in members(source).values()} == {1}


def test_clients_of_different_vendors_are_different_concepts() -> None:
    source = Source()
    source.declares("bot.slack:Client", "post_message")
    source.declares("bot.github:Client", "open_issue")
    assert members(source) == {"slack-client": ("bot.slack:Client",), "github-client": ("bot.github:Client",)}


def test_alternatives_with_the_same_methods_are_one_concept_and_said_to_be_alternatives() -> None:
    source = Source()
    source.declares("shop.redis:RedisSessionStore", "load_session save_session forget_session")
    source.declares("shop.disk:FileSessionStore", "load_session save_session forget_session")
    found = source.groups["session-store"]
    assert len(found.members) == 2
    assert found.is_alternatives


def test_a_few_methods_in_common_are_not_enough() -> None:
    source = Source()
    source.declares(
        "shop.redis:RedisSessionStore", "load_session save_session connect_to_redis expire_session"
    )
    source.declares("shop.disk:FileSessionStore", "load_session open_the_file lock_the_file sweep_old_files")
    source.declares("chat.manager:SocketManager", "send_message_now add_socket drop_socket list_sockets")
    source.declares("chat.hub:Hub", "send_message_now count_topics forget_topic rename_topic")
    assert {len(names) for names in members(source).values()} == {1}


def test_two_versions_among_alternatives_are_taken_out() -> None:
    source = Source()
    methods = "load_prompt render_prompt list_prompts"
    source.declares("bot.git:GitPromptManager", methods)
    source.declares("bot.disk:DiskPromptManager", methods)
    source.declares("bot.prompts:PromptManager", methods)
    source.declares("bot.fresh:NewPromptManager", methods)
    found = {group.members for group in source.groups.values()}
    assert ("bot.fresh:NewPromptManager", "bot.prompts:PromptManager") in found
    assert ("bot.disk:DiskPromptManager", "bot.git:GitPromptManager") in found


def test_implementations_of_a_base_class_are_one_concept_whatever_they_are_called() -> None:
    source = Source()
    source.declares("shop.base:BaseSessionStore", "load save", traits=("abstract",))
    for name in ("shop.redis:RedisKeeper", "shop.disk:FileSessionStore", "shop.local:Memory"):
        source.declares(name, "load save", bases=("shop.base:BaseSessionStore", "abc:ABC"))
    found = source.groups["session-store"]
    assert found.members == ("shop.disk:FileSessionStore", "shop.local:Memory", "shop.redis:RedisKeeper")
    assert found.base == "shop.base:BaseSessionStore"
    assert found.is_alternatives


def test_repositories_that_share_a_base_class_are_about_different_things() -> None:
    source = Source()
    source.declares("shop.base:BaseRepository", "get add", traits=("abstract",))
    source.declares("shop.users:UserRepository", "get add", bases=("shop.base:BaseRepository",))
    source.declares("shop.orders:OrderRepository", "get add", bases=("shop.base:BaseRepository",))
    assert {len(names) for names in members(source).values()} == {1}


def test_stores_of_classes_of_the_tree_are_about_these_classes() -> None:
    source = Source()
    source.declares("shop.base:BaseStore", "get put", traits=("abstract",))
    for thing in ("Ticket", "Invoice"):
        source.declares(f"shop.models:{thing}")
        source.declares(f"shop.stores:{thing}Store", "get put", bases=("shop.base:BaseStore",))
    assert {len(names) for names in members(source).values()} == {1}


def test_a_base_class_of_many_says_nothing() -> None:
    source = Source()
    source.declares("shop.base:BaseStore", "get put", traits=("abstract",))
    for number in range(20):
        source.declares(f"shop.m{number}:Thing{'x' * number}Store", "get put", bases=("shop.base:BaseStore",))
    assert {len(names) for names in members(source).values()} == {1}


def test_a_class_of_another_name_with_the_same_rare_methods_joins_and_says_why() -> None:
    source = Source()
    source.declares(MANAGER, SOCKETS)
    source.declares("chat.live.hub:RealtimeHub", "add_connection remove_connection emit_agent_event")
    found = source.groups["websocket-manager"]
    assert found.members == ("chat.live.hub:RealtimeHub", MANAGER)
    ((name, reason),) = found.joined
    assert name == "chat.live.hub:RealtimeHub"
    assert reason == f"has emit_agent_event, add_connection and remove_connection like {MANAGER}"


def test_common_methods_say_nothing() -> None:
    source = Source()
    source.declares("shop.pool:ConnectionPool", "get put close run start stop")
    source.declares("shop.jobs:Runner", "get put close run start stop")
    assert members(source) == {"connection-pool": ("shop.pool:ConnectionPool",)}


def test_what_two_classes_implement_of_a_library_says_nothing() -> None:
    source = Source()
    methods = "visit_function_def visit_class_def visit_async_with"
    source.declares("lint.names:NameRegistry", methods, bases=("ast:NodeVisitor",))
    source.declares("lint.types:TypeWalker", methods, bases=("ast:NodeVisitor",))
    assert members(source) == {"name-registry": ("lint.names:NameRegistry",)}


def test_a_facade_beside_what_it_stands_for_is_no_second_one() -> None:
    source = Source()
    source.declares("shop.cache:RedisCache", "get_many set_many delete_many")
    source.declares("shop.cache:Connector", "get_many set_many delete_many")
    assert members(source) == {"redis-cache": ("shop.cache:RedisCache",)}


def test_an_asynchronous_twin_is_set_apart() -> None:
    source = Source()
    source.declares("db.client:StoreClient", "read_row write_row")
    source.declares("db.client:AsyncStoreClient", "read_row write_row")
    source.declares("db.aio.client:StoreClient", "read_row write_row")
    found = source.groups["store-client"]
    assert found.members == ("db.client:StoreClient",)
    assert {reason for _, reason in found.aside} == {"the asynchronous twin of db.client:StoreClient"}


def test_what_is_no_implementation_is_no_member() -> None:
    source = Source()
    for number, trait in enumerate(
        ("abstract", "protocol", "exception", "enum", "typed-dict", "test-double")
    ):
        source.declares(f"shop.m{number}:SessionStore", traits=(trait,))
    source.declares("shop.schemas:OrderStore", bases=("pydantic.main:BaseModel",))
    source.declares("tests.fakes:FakeSessionStore")
    source.declares("shop._vendor.kit:SessionStore")
    source.declares("shop.outer:Outer.SessionStore")
    source.declares("shop.base:BaseTagStore")
    source.declares("shop.tags:SmallThing", bases=("shop.base:BaseTagStore",))
    assert members(source) == {}


def test_a_similar_name_is_mentioned_and_not_counted() -> None:
    source = Source()
    source.declares(MANAGER, SOCKETS)
    source.declares(UNIFIED, SOCKETS)
    source.declares("chat.topics:WebSocketConnectionManager", "subscribe_topic")
    found = source.groups["websocket-manager"]
    assert found.members == (MANAGER, UNIFIED)
    assert found.aside == (("chat.topics:WebSocketConnectionManager", "though its name is similar"),)


def test_factories_are_no_concept_of_their_own() -> None:
    source = Source()
    source.declares("chat.one:ManagerFactory", "create_manager")
    source.declares("chat.two:ManagerFactory", "create_manager")
    assert members(source) == {}


def test_groups_do_not_depend_on_the_order_of_records() -> None:
    source = Source()
    for name in (
        "a.x:PromptManager",
        "b.x:NewPromptManager",
        "c.x:GitPromptManager",
        "d.x:DiskPromptManager",
    ):
        source.declares(name, "load_prompt render_prompt")
    before = source.groups
    source.records.reverse()
    assert source.groups == before
