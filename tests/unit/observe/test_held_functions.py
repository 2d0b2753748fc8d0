"""Functions that somebody held before they could be wrapped: calls past the wrapper are seen, or told of."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from support.children import Run, run_both

from ssot_probe.model.records import BlindRecord, MakeRecord
from ssot_probe.observe.held_functions import holders

HAS_EVENTS = sys.version_info >= (3, 12)

POLICY = """
packages = ["shop"]
[[concept]]
name = "cart-manager"
classes = ["CartManager"]
factories = ["shop.carts:get_manager"]
"""

CARTS = """
class CartManager:
    pass

ROUTES = []
HANDLERS = {{}}

def route(function):
    ROUTES.append(function)
    return function

class Route:
    def __init__(self, function):
        self.function = function

{maker}

{held}
"""

PLAIN = "def get_manager(user_id):\n    return CartManager()"

WAYS = {
    "a list": ("@route\n" + PLAIN, "", "ROUTES[0]('anna')", "shop.carts:ROUTES"),
    "a dictionary": (
        PLAIN,
        "HANDLERS['get'] = get_manager",
        "HANDLERS['get']('anna')",
        "shop.carts:HANDLERS",
    ),
    "a default argument": (
        PLAIN,
        "def handle(user_id, make=get_manager):\n    return make(user_id)",
        "handle('anna')",
        "shop.carts:handle",
    ),
    "a closure": (
        PLAIN,
        "def closing(make):\n    def handle(user_id):\n        return make(user_id)\n    return handle\n"
        "handle = closing(get_manager)",
        "handle('anna')",
        "shop.carts:closing.<locals>.handle",
    ),
    "an object": (
        PLAIN,
        "kept = Route(get_manager)",
        "kept.function('anna')",
        "an instance of shop.carts:Route",
    ),
    "another module": (
        PLAIN,
        "import shop.early",
        "shop.early.get_manager('anna')",
        "shop.early:get_manager",
    ),
}


def ran(directory: Path, maker: str, held: str, call: str) -> Run:
    files = {
        "shop/__init__.py": "",
        "shop/early.py": "import sys\nget_manager = sys.modules['shop.carts'].get_manager\n",
        "shop/carts.py": CARTS.format(maker=maker, held=held),
    }
    program = f"import shop.carts\nfrom shop.carts import *\ndef main():\n    return {call}\nmain()\n"
    done, _ = run_both(directory, files=files, policy=POLICY, program=program)
    assert done.code == 0, done.stderr
    return done


def handed_out(done: Run) -> list[tuple[str, int, int]]:
    return [
        (record.maker, record.count, record.unattributed)
        for record in done.of(MakeRecord)
        if record.kind != "constructor" and record.maker.startswith("shop.")
    ]


def held(done: Run) -> list[tuple[str, str]]:
    return [(record.subject, record.reason) for record in done.of(BlindRecord) if "held by" in record.reason]


@pytest.mark.parametrize("way", WAYS)
def test_a_call_past_the_wrapper_is_seen_or_told_of(tmp_path: Path, way: str) -> None:
    maker, statement, call, holder = WAYS[way]
    done = ran(tmp_path, maker, statement, call)
    if HAS_EVENTS:
        assert handed_out(done) == [("shop.carts:get_manager", 1, 0)]
        assert held(done) == []
    else:
        (subject, reason) = held(done)[0]
        assert subject == "shop.carts:get_manager"
        assert holder in reason.partition(" before it could be observed: ")[0]
        assert reason.endswith("calls through that are not seen; its constructions are")
        assert "held by shop.carts:get_manager" not in reason
    chains = {record.chain[-1:] for record in done.of(MakeRecord) if record.kind == "constructor"}
    assert chains == {("shop.carts:get_manager",)}


def test_a_call_that_wrapper_and_event_see_is_counted_once(tmp_path: Path) -> None:
    done = ran(tmp_path, "@route\n" + PLAIN, "", "[get_manager('anna') for _ in range(3)]")
    assert handed_out(done) == [("shop.carts:get_manager", 3, 0)]


@pytest.mark.skipif(not HAS_EVENTS, reason="the interpreter tells of single code objects since 3.12")
@pytest.mark.parametrize(
    ("maker", "call"),
    [
        (
            "async def get_manager(user_id):\n    return CartManager()",
            "__import__('asyncio').run(ROUTES[0]('a'))",
        ),
        ("def get_manager(user_id):\n    yield CartManager()", "[0 for _ in ROUTES[0]('a')]"),
        (
            "async def get_manager(user_id):\n    yield CartManager()",
            "__import__('asyncio').run(ROUTES[0]('a').__anext__())",
        ),
    ],
    ids=["coroutine", "generator", "async generator"],
)
def test_calls_of_every_kind_are_seen_past_the_wrapper(tmp_path: Path, maker: str, call: str) -> None:
    if "__anext__" in call:
        maker += "\nasync def first(generator):\n    return await generator.__anext__()"
        call = "__import__('asyncio').run(first(ROUTES[0]('a')))"
    done = ran(tmp_path, "@route\n" + maker, "", call)
    assert handed_out(done) == [("shop.carts:get_manager", 1, 0)]


@pytest.mark.parametrize(
    "maker",
    [
        PLAIN,
        "import functools\n@functools.lru_cache\n" + PLAIN,
        "import contextlib\n@contextlib.contextmanager\ndef get_manager(user_id):\n    yield CartManager()",
        PLAIN + "\nget = get_manager",
        "class Makers:\n    @staticmethod\n    def get_manager(user_id):\n        return CartManager()\n"
        "    def create_manager(self):\n        return super().__init__() or CartManager()\n"
        "get_manager = Makers.get_manager",
        "import functools\n@functools.singledispatch\ndef get_manager(user_id):\n    return CartManager()\n"
        "@get_manager.register\ndef _(user_id: int):\n    return CartManager()",
    ],
    ids=["plain", "cached", "context manager", "alias", "class", "singledispatch"],
)
def test_a_function_that_only_its_module_holds_is_not_told_of(tmp_path: Path, maker: str) -> None:
    done = ran(tmp_path, maker, "", "get_manager('anna') and None")
    assert held(done) == []


def test_each_function_is_told_under_its_own_name_and_not_by_who_just_goes_through() -> None:
    module = ModuleType("held_here")
    exec("def first(): pass\ndef second(): pass\nkept = [second]\n", vars(module))
    sys.modules[module.__name__] = module
    functions = [module.first, module.second]
    going_through = (function for function in list(functions))
    another = iter(list(functions))
    try:
        assert next(going_through) is next(another)
        found = holders(functions)
    finally:
        del sys.modules[module.__name__]
    assert found == [["held_here:first"], ["held_here:second", "held_here:kept"]]
