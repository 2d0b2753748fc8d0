"""Objects of libraries: told where users share them, not looked into but for what a client sends along."""

from __future__ import annotations

import base64
import http.cookiejar
import json
import sys
from types import ModuleType
from typing import Any

import pytest
import wrapt
from unit.observe.sharing.heaps import APPLICATION, accused, application, look_at, verdicts

from ssot_probe.observe.sharing.found import Look
from ssot_probe.observe.sharing.memory import Memory
from ssot_probe.observe.sharing.traits import is_wrapt


def library_type(name: str, *bases: type) -> Any:
    """Return a type that calls itself one of a library."""
    module, _, qualname = name.partition(":")
    return type(qualname, bases or (object,), {"__module__": module})


def share(thing: Any, memory: Memory | None = None, **options: Any) -> Look:
    with application(
        "def give(managers, thing):\n    for one in managers:\n        one.thing = thing\n"
    ) as module:
        managers = module.Manager(), module.Manager()
        module.give(managers, thing)
        return look_at(zip(("alice", "bob"), managers), memory, **options)


def client(**attributes: Any) -> Any:
    made = library_type("requests.sessions:Session")()
    made.__dict__.update({"headers": {"Accept": "*/*"}, "cookies": http.cookiejar.CookieJar(), **attributes})
    return made


def cookie(name: str, value: str) -> http.cookiejar.Cookie:
    return http.cookiejar.Cookie(
        *(0, name, value, None, False, "shop.example", True, False, "/", True, False, None, False),
        *(None, None, {}),
    )


def jar(*values: str) -> http.cookiejar.CookieJar:
    made = http.cookiejar.CookieJar()
    for number, value in enumerate(values):
        made.set_cookie(cookie(f"session{number}", value))
    return made


def token(user: str) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"sub": user}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{claims}.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("thing", "verdict"),
    [
        (client(), "resource"),
        (client(headers={"Authorization": "Bearer of-the-service"}), "resource"),
        (client(headers={"X-User": "alice"}), "contaminated"),
        (client(headers={"Authorization": f"Bearer {token('alice')}"}), "contaminated"),
        (client(headers={"Authorization": "Bearer eyJx.%%%.x"}), "resource"),
        (client(auth=("alice", "secret")), "contaminated"),
        (client(cookies=jar("of alice")), "contaminated"),
        (client(cookies=jar("of alice", "of bob")), "mixed"),
        (client(cookies=jar("public")), "resource"),
        (client(unknown=["of alice"]), "resource"),
    ],
)
def test_a_client_is_judged_by_what_it_sends_along(thing: Any, verdict: str) -> None:
    assert verdicts(share(thing)) == [("requests.sessions:Session", verdict)]


def test_a_client_whose_headers_change_between_looks_is_told() -> None:
    memory = Memory()
    thing = client(headers={"Authorization": "Bearer 1"})
    with application(
        "def give(managers, thing):\n    for one in managers:\n        one.thing = thing\n"
    ) as module:
        managers = list(zip(("alice", "bob"), (module.Manager(), module.Manager())))
        module.give([manager for _, manager in managers], thing)
        assert verdicts(look_at(managers, memory)) == [("requests.sessions:Session", "resource")]
        thing.headers["Authorization"] = "Bearer 2"
        assert verdicts(look_at(managers, memory)) == [("requests.sessions:Session", "mutated")]


@pytest.mark.parametrize(
    "name",
    [
        "sqlalchemy.orm.session:Session",
        "sqlalchemy.ext.asyncio.session:AsyncSession",
        "starlette.requests:HTTPConnection",
        "asyncio.streams:StreamWriter",
        "psycopg._connection_base:BaseConnection",
        "starlette.background:BackgroundTask",
    ],
)
def test_what_nobody_may_share_is_told_as_such_and_what_is_derived_from_it_too(name: str) -> None:
    known = library_type(name)
    derived = library_type("sharing_app:Mine", known)
    assert verdicts(share(known())) == [(name, "never-share")]
    assert verdicts(share(derived())) == [("sharing_app:Mine", "never-share")]


@pytest.mark.parametrize(
    "name", ["sqlalchemy.engine.base:Engine", "sqlalchemy.orm.session:sessionmaker", "redis.client:Redis"]
)
def test_what_is_made_to_be_shared_is_a_resource(name: str) -> None:
    assert verdicts(share(library_type(name)())) == [(name, "resource")]


def test_more_types_may_be_named() -> None:
    thing = library_type("acme.ledger:Ledger")()
    assert verdicts(share(thing, never_share=["acme.ledger:Ledger"])) == [
        ("acme.ledger:Ledger", "never-share")
    ]
    assert verdicts(share(thing, shared_ok=["acme.ledger:Ledger"])) == []


def test_a_list_of_open_connections_is_a_way_to_send_to_all() -> None:
    socket = library_type("starlette.websockets:WebSocket", library_type("starlette.requests:HTTPConnection"))
    text = """
class Hub:
    def __init__(self, sockets):
        self.sockets = sockets

def make(sockets):
    hub = Hub(sockets)
    managers = Manager(), Manager()
    for manager, socket in zip(managers, sockets):
        manager.hub, manager.socket = hub, socket
    return managers
"""
    with application(text) as module:
        assert accused(look_at(zip(("alice", "bob"), module.make([socket(), socket()])))) == []


def test_requests_that_a_module_keeps_are_told_at_the_second_look() -> None:
    request = library_type("starlette.requests:Request", library_type("starlette.requests:HTTPConnection"))
    text = """
kept = []

def keep(request):
    kept.append(request)
"""
    with application(text) as module:
        managers = list(zip(("alice", "bob"), (module.Manager(), module.Manager())))
        memory = Memory()
        modules = {APPLICATION: vars(module)}
        passing = request()
        module.keep(passing)
        assert accused(look_at(managers, memory, modules)) == []
        module.kept.clear()
        module.keep(request())
        assert accused(look_at(managers, memory, modules)) == []
        [found] = accused(look_at(managers, memory, modules))
    assert (found.type, found.verdict) == ("starlette.requests:Request", "never-share")
    assert found.holder == ("sharing_app", ".kept", "[an item]")


def test_what_a_celery_task_keeps_of_the_last_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    task = library_type("shop.tasks:bill", library_type("celery.app.task:Task"))()
    task.user, task.rate = "alice", "10/m"
    application_of_celery = library_type("celery.app.base:Celery")()
    application_of_celery._tasks = {"shop.tasks.bill": task}
    state = ModuleType("celery._state")
    vars(state)["_apps"] = [application_of_celery]
    monkeypatch.setitem(sys.modules, "celery._state", state)
    with application("") as module:
        [found] = look_at([("alice", module.Manager()), ("bob", module.Manager())]).found
    assert (found.verdict, found.holder) == ("contaminated", ("shop.tasks:bill", ".user"))


def test_wrapt_s_wrappers_are_known_in_every_version() -> None:
    older = type("ObjectProxy", (), {"__module__": "builtins"})
    assert is_wrapt(wrapt.FunctionWrapper)
    assert is_wrapt(type("FunctionWrapper", (older,), {}))
    assert not is_wrapt(dict)
