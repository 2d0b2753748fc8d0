"""What frameworks and containers inject: the factory that made it is named, whoever calls it for them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.children import Run, run_both

from ssot_probe.model.records import BlindRecord, MakeRecord

POLICY = """
packages = ["shop"]
[[concept]]
name = "cart-manager"
classes = ["CartManager"]
"""

CARTS = "class CartManager:\n    def __init__(self, user_id=''):\n        self.user_id = user_id\n"

DEPENDENCIES = """
from shop.carts import CartManager

def get_manager(user_id: str):
    return CartManager(user_id)

async def get_manager_soon(user_id: str):
    return CartManager(user_id)

def open_manager(user_id: str):
    manager = CartManager(user_id)
    try:
        yield manager
    finally:
        print("closed", user_id)

async def open_manager_soon(user_id: str):
    manager = CartManager(user_id)
    try:
        yield manager
    finally:
        print("closed soon", user_id)

class ManagerProvider:
    def __call__(self, user_id: str):
        return CartManager(user_id)
"""

ROUTES = """
@app.get("/plain/{user_id}")
def plain(manager: CartManager = Depends(get_manager)):
    return {"user": manager.user_id}

@app.get("/soon/{user_id}")
async def soon(manager: CartManager = Depends(get_manager_soon)):
    return {"user": manager.user_id}

@app.get("/open/{user_id}")
async def opened(manager: CartManager = Depends(open_manager)):
    return {"user": manager.user_id}

@app.get("/open-soon/{user_id}")
async def opened_soon(manager: CartManager = Depends(open_manager_soon)):
    return {"user": manager.user_id}

@app.get("/provided/{user_id}")
async def provided(manager: CartManager = Depends(ManagerProvider())):
    return {"user": manager.user_id}

@app.get("/fails/{user_id}")
async def fails(manager: CartManager = Depends(open_manager)):
    raise LookupError(manager.user_id)
"""

CALLS = """
import asyncio, sys
sys.path.insert(0, ".")
from shop.app import app

async def get(path):
    sent = []
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        sent.append(message)
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
             "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [], "scheme": "http",
             "server": ("test", 80), "client": ("test", 1), "root_path": ""}
    try:
        await app(scope, receive, send)
    except LookupError as error:
        print(repr(error))
    print(path, sent[0]["status"], [message["body"] for message in sent if "body" in message][:1])

async def main():
    for kind in ("plain", "soon", "open", "open-soon", "provided"):
        for user in ("anna", "bert"):
            await get(f"/{kind}/{user}")
    await get("/fails/anna")
    await get("/openapi.json")

asyncio.run(main())
"""

FASTAPI = "from fastapi import Depends, FastAPI\nfrom shop.carts import CartManager\napp = FastAPI()\n"


def ran(directory: Path, program: str, **modules: str) -> Run:
    files = {f"shop/{name}.py": text for name, text in modules.items()}
    done, _ = run_both(
        directory,
        files={"shop/__init__.py": "", "shop/carts.py": CARTS, **files},
        policy=POLICY,
        program=program,
    )
    assert done.code == 0, done.stderr
    return done


def handed_out(done: Run) -> dict[str, int]:
    counts: dict[str, int] = {}
    for record in done.of(MakeRecord):
        if record.kind != "constructor":
            counts[record.maker] = counts.get(record.maker, 0) + record.count
    return counts


def outside_of_factories(done: Run) -> int:
    return sum(
        record.count for record in done.of(MakeRecord) if record.outcome == "constructed" and not record.chain
    )


EACH = {"get_manager": 2, "get_manager_soon": 2, "open_manager": 3, "open_manager_soon": 2}


def test_every_kind_of_dependency_of_fastapi_is_a_factory(tmp_path: Path) -> None:
    pytest.importorskip("fastapi", reason="the group frameworks is not installed")
    app = FASTAPI + "from shop.dependencies import *\n" + ROUTES
    done = ran(tmp_path, CALLS, dependencies=DEPENDENCIES, app=app)
    expected = {f"shop.dependencies:{name}": count for name, count in EACH.items()}
    assert handed_out(done) == {**expected, "shop.dependencies:ManagerProvider.__call__": 2}
    assert outside_of_factories(done) == 0
    assert not [record for record in done.of(BlindRecord) if "held by" in record.reason]


def test_dependencies_beside_their_routes_are_seen_or_told_of(tmp_path: Path) -> None:
    pytest.importorskip("fastapi", reason="the group frameworks is not installed")
    app = FASTAPI + DEPENDENCIES + ROUTES
    done = ran(tmp_path, CALLS, app=app)
    assert outside_of_factories(done) == 0
    blind = {record.subject for record in done.of(BlindRecord) if "held by" in record.reason}
    if sys.version_info >= (3, 12):
        expected = {f"shop.app:{name}": count for name, count in EACH.items()}
        assert handed_out(done) == {**expected, "shop.app:ManagerProvider.__call__": 2}
        assert not blind
    else:
        assert blind == {f"shop.app:{name}" for name in EACH}


def test_what_a_container_resolves_comes_from_the_factory_that_was_registered(tmp_path: Path) -> None:
    pytest.importorskip("punq", reason="the group frameworks is not installed")
    program = """
        import punq
        from shop.carts import CartManager
        from shop.dependencies import get_manager

        class Service:
            def __init__(self, manager: CartManager):
                self.manager = manager

        container = punq.Container()
        container.register(CartManager, factory=get_manager, user_id="anna")
        container.register(Service)
        print(container.resolve(Service).manager.user_id)
        print(container.resolve(CartManager).user_id)
    """
    done = ran(tmp_path, program, dependencies=DEPENDENCIES)
    assert handed_out(done) == {"shop.dependencies:get_manager": 2}
    assert outside_of_factories(done) == 0
