"""What modules of the application keep of users, where nothing says whose it is and a function reaches it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from unit.observe.sharing.heaps import APPLICATION, accused, application, look_at

from ssot_probe.observe.sharing.found import SharedObject

USES = """

def use():
    return cache, last, current_user, history, registry, Shop, remember
"""


def remains_in(text: str, **options: Any) -> list[SharedObject]:
    with application(text) as module:
        alice, bob = module.Manager(), module.Manager()
        alice.name, bob.name = "alice", "bob"
        vars(module).get("fill", list)()
        look = look_at([("alice", alice), ("bob", bob)], None, {APPLICATION: vars(module)}, **options)
        return accused(look)


@pytest.mark.parametrize(
    ("text", "verdict", "holder"),
    [
        ("last = {'user': 'alice'}", "contaminated", ("sharing_app", ".last")),
        (
            "last = {'request': {'path': '/users/alice/cart'}}",
            "contaminated",
            ("sharing_app", ".last", "[a value]"),
        ),
        ("cache = {'GET /orders': ['order of bob']}", "contaminated", ("sharing_app", ".cache", "[a value]")),
        ("history = [('alice', 'bread'), ('bob', 'milk')]", "mixed", ("sharing_app", ".history")),
        ("history = ['of alice', 'of bob', 'of carol']", "mixed", ("sharing_app", ".history")),
        ("history = ['/cart', 'alice', '17', 'GET']", "contaminated", ("sharing_app", ".history")),
        (
            "def fill():\n    global current_user\n    current_user = 'bob'\ncurrent_user = None",
            "contaminated",
            ("sharing_app", ".current_user"),
        ),
        (
            "class Shop:\n    entries = []\nShop.entries.append('bread for alice')",
            "contaminated",
            ("sharing_app", ".Shop", ".entries"),
        ),
        (
            "def remember(text, texts=[]):\n    texts.append(text)\nremember('of alice')",
            "contaminated",
            ("sharing_app", ".remember", ".<default of texts>"),
        ),
        (
            "class Shop:\n    def add(self, *, texts={}):\n        texts['x'] = 'of alice'\nShop().add()",
            "contaminated",
            ("sharing_app", ".Shop", ".add", ".<default of texts>"),
        ),
        (
            "def maker():\n    texts = []\n    return lambda text: texts.append(text)\n"
            "remember = maker()\nremember('of bob')",
            "contaminated",
            ("sharing_app", ".remember", ".<closure texts>"),
        ),
        (
            "class Shop:\n    def __init__(self):\n        self.texts = ['alice', 'bob', 1]\nlast = Shop()",
            "mixed",
            ("sharing_app", ".last", ".texts"),
        ),
        (
            "import contextvars\nlast = contextvars.ContextVar('last', default=['of alice', 'of bob'])",
            "mixed",
            ("sharing_app", ".last", ".<default>"),
        ),
    ],
)
def test_data_of_a_user_in_a_global_is_found_where_it_lies(
    text: str, verdict: str, holder: tuple[str, ...]
) -> None:
    [found] = remains_in(text + USES)
    assert (found.verdict, found.holder, found.paths, found.owner_count) == (verdict, holder, (), 0)


@pytest.mark.parametrize(
    "text",
    [
        "registry = {'alice': ['order of alice'], 'bob': ['order of bob']}",
        "registry = {('alice', 'orders'): ['order of alice']}",
        "registry = {'token-1': 'alice', 'token-2': 'bob'}",
        "registry = {'alice', 'bob'}",
        "history = ['alice', 'bob']",
        "history = [1, 2, 'nobody was here']",
        "current_user = 'alice'  # at the top level: a constant",
        "OWNER = 'alice'",
        "registry = ('alice', 'nobody', 'and others')  # a constant",
        "registry = ['alice', 'carol', 'dave', 'erin', 'frida']  # of whom most have not come yet",
        "registry = frozenset({'alice', 'nobody', 'and others'})",
        "results = ['of alice']  # no function mentions it",
        "class Shop:\n    NAMES = ('a', 'b')\n    limits = {'alice': 3}",
        "import logging, threading\nlast = logging.getLogger('alice')",
    ],
)
def test_a_global_that_says_whose_each_part_is_or_that_nobody_reaches_is_not_accused(text: str) -> None:
    assert remains_in(text + USES) == []


def test_the_instances_of_users_are_not_looked_into() -> None:
    text = """
def fill():
    pass

manager = Manager()

def get():
    return manager, managers

managers = [manager]
"""
    with application(text) as module:
        module.manager.notes = ["of alice"]
        found = look_at(
            [("alice", module.manager), ("bob", module.Manager())], None, {APPLICATION: vars(module)}
        )
        assert accused(found) == []


def test_users_without_an_instance_are_looked_for_where_their_ids_are_given() -> None:
    text = "last = {'text': 'of carol'}" + USES
    assert remains_in(text) == []
    [found] = remains_in(text, users=["carol"])
    assert (found.verdict, found.data_owners) == ("contaminated", ("carol",))


def test_another_modules_function_may_set_a_global() -> None:
    text = """
import sharing_app

current_user = None

def fill():
    sharing_app.current_user = "alice"

def get():
    return current_user
"""
    assert [one.holder for one in remains_in(text)] == [("sharing_app", ".current_user")]


def test_a_shared_object_says_which_global_holds_it() -> None:
    text = """
class Shop:
    def __init__(self):
        self.carts = {"basket": ["bread for alice"]}

shop = Shop()

def get():
    return shop
"""
    with application(text) as module:
        alice, bob = module.Manager(), module.Manager()
        alice.carts = bob.carts = module.shop.carts
        look = look_at([("alice", alice), ("bob", bob)], None, {APPLICATION: vars(module)})
        assert [one.holder for one in accused(look)] == [("sharing_app", ".shop", ".carts")]


def test_a_user_in_the_environment_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "SSOT_TEST_CURRENT", "alice")
    [found] = remains_in("x = 1")
    assert found.holder == ("os", ".environ", "[a value]")


DECORATED = """
import functools, contextlib, wrapt

def logged(function):
    @functools.wraps(function)
    def outer(*arguments):
        return function(*arguments)
    return outer

@wrapt.decorator
def passing(wrapped, instance, arguments, named):
    return wrapped(*arguments, **named)

last = {'user': 'alice'}
"""


@pytest.mark.parametrize(
    "text",
    [
        "@logged\ndef use():\n    return last",
        "@passing\n@passing\ndef use():\n    return last",
        "@functools.lru_cache\ndef use():\n    return last",
        "@contextlib.contextmanager\ndef use():\n    yield last",
        "class Shop:\n    @functools.cached_property\n    def use(self):\n        return last",
        "class Shop:\n    @classmethod\n    @passing\n    @logged\n    def use(cls):\n        return last",
    ],
)
def test_a_decorated_function_uses_globals_too(text: str) -> None:
    with application(DECORATED + text) as module:
        alice, bob = module.Manager(), module.Manager()
        alice.name, bob.name = "alice", "bob"
        look = look_at([("alice", alice), ("bob", bob)], None, {APPLICATION: vars(module)})
    assert [(found.verdict, found.holder) for found in accused(look)] == [
        ("contaminated", ("sharing_app", ".last"))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "def set_it(value):\n    globals()['last'] = value",
        "def set_it(value):\n    import sharing_app\n    setattr(sharing_app, 'last', value)",
    ],
)
def test_a_global_that_is_set_by_its_name_is_no_constant(text: str) -> None:
    found = remains_in(f"import sharing_app\nlast = None\n{text}\ndef fill():\n    set_it('bob')\n{USES}")
    assert [(each.verdict, each.holder) for each in found] == [("contaminated", ("sharing_app", ".last"))]


@pytest.mark.parametrize(
    "body",
    [
        "@classmethod\n    def remember(cls, caller):\n        cls.last = caller",
        "@classmethod\n    def remember(shop, caller):\n        setattr(shop, 'last', caller)",
        "@staticmethod\n    def remember(caller):\n        Shop.last = caller",
        "@staticmethod\n    def remember(caller):\n        shop = Shop()\n        type(shop).last = caller",
        "@staticmethod\n    def remember(who):\n        shop = Shop()\n        shop.__class__.last = who",
    ],
)
def test_a_user_in_an_attribute_of_a_class_is_found_where_code_sets_it_there(body: str) -> None:
    found = remains_in(f"class Shop:\n    last = None\n    {body}\ndef fill():\n    Shop.remember('bob')\n")
    assert [(each.verdict, each.holder) for each in found] == [
        ("contaminated", ("sharing_app", ".Shop", ".last"))
    ]


def test_a_class_attribute_that_only_instances_hide_is_a_constant() -> None:
    text = """
class Shop:
    owner = 'alice'

    def sell_to(self, user):
        self.owner = user

def fill():
    Shop().sell_to('bob')
"""
    assert not remains_in(text)


def test_values_of_a_thread_local_are_data_only_where_everybody_comes_by_them() -> None:
    text = "import threading\nlast = threading.local()\nlast.user = 'alice'\n" + USES
    assert not remains_in(text)
    found = remains_in(text, are_left=lambda values: "user" in values)
    assert [(each.verdict, each.holder) for each in found] == [("contaminated", ("sharing_app", ".last"))]


def test_what_a_cache_of_cachetools_keeps_is_looked_at() -> None:
    pytest.importorskip("cachetools")
    text = (
        "import cachetools\ncache = cachetools.TTLCache(9, 60)\ncache['/orders'] = ['order of alice']\n"
        + USES
    )
    assert [each.verdict for each in remains_in(text)] == ["contaminated"]
