"""Whom frameworks hold as the user: read from what they store, never asked for."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from support.children import run

from ssot_probe.context import frameworks
from ssot_probe.context.frameworks import Framework, aiohttp, asgi, begin, django, end, framework_user
from ssot_probe.context.frameworks.entries import ENTRIES, HOLDERS
from ssot_probe.model.records import AccessRecord
from ssot_probe.observe.entry_points import MODULES, EntryPoints


class User:
    """What an application makes of a user."""

    def __init__(self, **attributes: object) -> None:
        vars(self).update(attributes)


class AnonymousUser(User): ...


class LazyObject:
    def __init__(self, wrapped: object = None) -> None:
        self._wrapped = object() if wrapped is None else wrapped

    @property
    def id(self) -> int:
        raise AssertionError("it was loaded")


class SimpleLazyObject(LazyObject): ...


class Model:
    """As Django's models with a primary key of another name."""

    class Meta:
        class Key:
            attname = "badge_id"

        pk = Key

    _meta = Meta

    def __init__(self, badge: int) -> None:
        self.badge_id = badge


class Row:
    """As SQLAlchemy's after a commit: what it stored has expired."""

    def __init__(self) -> None:
        self._sa_instance_state = User(key=(User, (5,), None))


@pytest.fixture(autouse=True)
def framework() -> Iterator[Framework]:
    yield Framework("Starlette")
    frameworks.forget()


def user_in(framework: Framework, scope: dict[str, Any]) -> str | None:
    begun = begin(framework, asgi.accounts, scope)
    assert begun is not None
    try:
        return framework_user()
    finally:
        end(begun)


@pytest.mark.parametrize(
    ("scope", "user"),
    [
        ({}, None),
        ({"user": None}, None),
        ({"user": "anna"}, "anna"),
        ({"user": User(id=3)}, "3"),
        ({"user": User(username="anna")}, "anna"),
        ({"user": User(user_id="a", id=3, username="anna")}, "a"),
        ({"user": {"sub": "anna"}}, "anna"),
        ({"user": Model(4)}, "4"),
        ({"user": Row()}, "5"),
        ({"user": AnonymousUser(id=3)}, None),
        ({"user": User(id=3, is_authenticated=False)}, None),
        ({"user": LazyObject()}, None),
        ({"user": LazyObject(User(pk=6))}, "6"),
        ({"state": {"user": User(id=3)}}, "3"),
        ({"state": {"user_id": 7}}, "7"),
        ({"state": User(_state={"user_id": 7})}, "7"),
        ({"user": AnonymousUser(), "state": {"user_id": 7}}, "7"),
        ({"user": User(), "state": {"user": {}}}, None),
        ({"user": 3.5}, None),
    ],
)
def test_a_scope_holds_the_user_or_the_request_s_state_does(
    framework: Framework, scope: dict[str, Any], user: str | None
) -> None:
    assert user_in(framework, scope) == user
    assert framework.has_answered == (user is not None)
    assert framework.error == ""


@pytest.mark.parametrize(
    ("attributes", "user"),
    [
        ({}, None),
        ({"user": User(pk=3, id=3)}, "3"),
        ({"user": SimpleLazyObject()}, None),
        ({"user": SimpleLazyObject(), "_cached_user": User(id=3)}, "3"),
        ({"user": SimpleLazyObject(), "_acached_user": User(id=4)}, "4"),
        ({"user": User(id=2), "real_user": User(id=1), "_cached_user": User(id=1)}, "2"),
        ({"user": SimpleLazyObject(AnonymousUser())}, None),
        ({"user": AnonymousUser(), "_cached_user": User(id=3)}, None),  # who has just logged out
    ],
)
def test_django_s_request_holds_the_user_once_it_was_loaded(
    framework: Framework, attributes: dict[str, Any], user: str | None
) -> None:
    begun = begin(framework, django.accounts, User(**attributes))
    assert begun is not None
    assert framework_user() == user
    end(begun)


def test_a_user_is_known_again_behind_one_that_is_still_lazy(framework: Framework) -> None:
    begun = begin(framework, django.accounts, User(user=SimpleLazyObject(), _acached_user=User(id=4)))
    assert begun is not None
    assert [framework_user(), framework_user()] == ["4", "4"]
    end(begun)


def test_aiohttp_s_request_holds_it_under_a_key(framework: Framework) -> None:
    for state, user in (({"user": {"id": 3}}, "3"), ({"user_id": 4}, "4"), ({}, None)):
        begun = begin(framework, aiohttp.accounts, User(_state=state))
        assert begun is not None
        assert framework_user() == user
        end(begun)


def test_the_innermost_request_counts_and_the_outer_one_where_it_says_nothing(framework: Framework) -> None:
    outer = begin(framework, asgi.accounts, {"user": "anna"})
    assert outer is not None
    assert user_in(framework, {"user": "bert"}) == "bert"
    assert user_in(framework, {}) == "anna"
    assert user_in(framework, {"user": AnonymousUser()}) is None
    assert framework_user() == "anna"
    end(outer)
    assert framework_user() is None


def test_a_scope_that_is_passed_on_begins_no_request_of_its_own(framework: Framework) -> None:
    scope = {"user": "anna"}
    begun = begin(framework, asgi.accounts, scope)
    assert begun is not None
    assert begin(framework, asgi.accounts, scope) is None
    end(begun)


def test_the_user_may_change_while_the_request_runs(framework: Framework) -> None:
    scope: dict[str, Any] = {"user": User(id=None)}
    begun = begin(framework, asgi.accounts, scope)
    assert begun is not None
    assert framework_user() is None
    scope["user"].id = 3
    assert framework_user() == "3"
    scope["user"] = User(id=4)
    assert framework_user() == "4"
    end(begun)


def test_a_task_that_outlives_its_request_stays_the_user_s_and_keeps_nothing_alive(
    framework: Framework,
) -> None:
    async def main() -> tuple[str | None, object]:
        account = User(id=3)
        gone = weakref.ref(account)
        begun = begin(framework, asgi.accounts, {"user": account})
        assert begun is not None
        ended = asyncio.Event()

        async def outlives() -> str | None:
            await ended.wait()
            return framework_user()

        task = asyncio.create_task(outlives())
        await asyncio.sleep(0)
        end(begun)
        del account
        gc.collect()
        ended.set()
        return await task, gone()

    assert asyncio.run(main()) == ("3", None)


def test_a_request_that_ends_in_another_context_raises_nothing(framework: Framework) -> None:
    async def main() -> None:
        async def begins() -> Any:
            return begin(framework, asgi.accounts, {"user": "anna"})

        end(await asyncio.create_task(begins()))

    asyncio.run(main())


def test_what_cannot_be_read_is_nobody_and_is_kept_as_an_error(framework: Framework) -> None:
    begun = begin(framework, asgi.accounts, 3)
    assert begun is not None
    assert framework_user() is None
    assert framework.error == "AttributeError"
    end(begun)
    broken = frameworks.add(Framework("broken", lambda: [][0]))
    assert framework_user() is None
    assert broken.error == "IndexError"


def test_frameworks_are_asked_by_their_rank_and_forgotten_with_the_probe() -> None:
    frameworks.add(Framework("second", lambda: "bert", rank=2))
    frameworks.add(Framework("first", lambda: "anna", rank=1))
    assert framework_user() == "anna"
    frameworks.forget()
    assert framework_user() is None


def test_the_modules_that_are_waited_for_are_those_of_the_tables() -> None:
    assert sorted(MODULES) == sorted([*ENTRIES, *HOLDERS])


# What is put on a framework


def module_with(method: Any) -> ModuleType:
    module = ModuleType("starlette.applications")
    module.Starlette = type("Starlette", (), {"__call__": method})  # type: ignore[attr-defined]
    return module


def test_an_entry_point_of_another_shape_stays_as_it_is_and_is_told() -> None:
    async def call(self: object, scope: object, *more: object) -> None: ...

    failures: list[str] = []
    points = EntryPoints(lambda: None, lambda subject, error: failures.append(f"{subject}: {error}"))
    module = module_with(call)
    points.loaded("starlette.applications", module)
    assert vars(module.Starlette)["__call__"] is call
    assert failures == ["the user of starlette.applications: Starlette.__call__ takes ('self', 'scope')"]
    points.remove()


def test_an_entry_point_is_put_back_and_what_somebody_stacked_on_it_works_on() -> None:
    async def call(self: object, scope: Any, receive: object, send: object) -> str | None:
        return framework_user()

    points = EntryPoints(lambda: None, lambda subject, error: pytest.fail(subject))
    module, stacked = module_with(call), module_with(call)
    points.loaded("starlette.applications", module)
    others = EntryPoints(lambda: None, lambda subject, error: pytest.fail(subject))
    others.loaded("starlette.applications", stacked)
    ours = vars(stacked.Starlette)["__call__"]
    stacked.Starlette.__call__ = lambda self, *args: ours(self, *args)
    scope = {"user": "anna"}
    assert asyncio.run(module.Starlette()(scope, None, None)) == "anna"
    assert ours.__wrapped__ is call
    assert asyncio.iscoroutinefunction(ours)
    with pytest.raises(TypeError):
        module.Starlette()()
    points.remove()
    others.remove()
    assert vars(module.Starlette)["__call__"] is call
    assert asyncio.run(stacked.Starlette()(scope, None, None)) is None


def test_a_service_without_frameworks_loads_nothing_for_them(tmp_path: Any) -> None:
    program = """
        import sys
        class Manager: ...
        Manager()
        print(sorted(name for name in sys.modules if name.startswith("ssot_probe.context.frameworks.")))
    """
    done = run(tmp_path, program=program).checked()
    assert done.stdout == "[]\n"


def test_makers_that_were_there_before_a_framework_ask_it_too(tmp_path: Any) -> None:
    program = """
        import asyncio
        class Manager:
            def use(self): ...
        managers = [Manager()]

        async def serve(scope, receive, send):
            managers.append(Manager())
            managers[0].use()

        from starlette.applications import Starlette
        app = Starlette()
        app.router = app.middleware_stack = serve
        asyncio.run(app({"type": "http", "user": "anna"}, None, None))
    """
    policy = """
        [[concept]]
        name = "manager"
        classes = ["Manager"]
    """
    done = run(tmp_path, program=program, policy=policy).checked()
    accesses = [(record.outcome, record.site.function) for record in done.of(AccessRecord)]
    assert sorted(accesses) == [("constructed", "serve"), ("used", "serve")]


def test_off_means_that_a_framework_is_as_it_was(tmp_path: Any) -> None:
    program = """
        import sys
        from starlette.applications import Starlette
        from starlette.routing import Router
        print(hasattr(Starlette.__call__, "__wrapped__"), hasattr(Router.__call__, "__wrapped__"))
        print("ssot_probe.context" in sys.modules)
    """
    assert run(tmp_path, program=program, probe=False).checked().stdout == "False False\nFalse\n"
    assert run(tmp_path, program=program).checked().stdout == "True True\nTrue\n"


def test_a_framework_that_was_loaded_before_the_probe_is_known_too(tmp_path: Any) -> None:
    program = """
        from starlette.applications import Starlette
        import ssot_probe
        probe = ssot_probe.start()
        print(hasattr(Starlette.__call__, "__wrapped__"))
        probe.stop()
        print(hasattr(Starlette.__call__, "__wrapped__"))
    """
    assert run(tmp_path, program=program, probe=False).checked().stdout == "True\nFalse\n"
