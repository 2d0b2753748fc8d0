"""Where the current user is read from: what the application binds, what policies name, what arguments say."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections import UserDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any, NamedTuple
from uuid import UUID

import pytest

import ssot_probe
from ssot_probe.context.current import bind_user, bound_user
from ssot_probe.context.sources import UserReader, UserSources, reading
from ssot_probe.model.policy import UserSource


def readers_for(
    sources: list[UserSource],
    code: CodeType | None,
    skipped: int,
    on_failure: Callable[[str, BaseException], None],
) -> tuple[UserReader, ...]:
    return UserSources(sources, on_failure).of_maker(code, skipped)


def read(sources: list[UserSource], maker: Callable[..., Any], *args: Any, **kwargs: Any) -> str | None:
    """Return the user of a call of `maker`, as the first source that answers says."""
    failures: list[tuple[str, BaseException]] = []
    for reader in readers_for(sources, maker.__code__, 0, lambda *failure: failures.append(failure)):
        user = reader(None, args, kwargs)
        if user is not None:
            return user
    assert not failures
    return None


def test_nobody_is_bound_outside_of_a_block() -> None:
    assert bound_user() is None


def test_the_innermost_block_says_who_the_user_is() -> None:
    with bind_user("anna"):
        with bind_user("bert"):
            assert bound_user() == "bert"
        assert bound_user() == "anna"
    assert bound_user() is None


def test_binding_none_says_that_nobody_is() -> None:
    with bind_user("anna"), bind_user(None):
        assert bound_user() is None


def test_an_error_in_the_block_ends_the_binding() -> None:
    with pytest.raises(KeyError), bind_user("anna"):
        raise KeyError
    assert bound_user() is None


def test_a_number_and_its_text_are_the_same_user() -> None:
    with bind_user(7):
        assert bound_user() == "7"


def test_the_package_offers_it_under_its_own_name() -> None:
    offered = ssot_probe.__getattr__("bind_user")
    assert offered is bind_user


def test_each_task_has_its_own_user_and_a_task_started_in_the_block_inherits_it() -> None:
    async def serve(user: str) -> tuple[str | None, str | None]:
        async def part() -> str | None:
            await asyncio.sleep(0)
            return bound_user()

        with bind_user(user):
            await asyncio.sleep(0)
            return bound_user(), await asyncio.create_task(part())

    async def main() -> tuple[tuple[str | None, str | None], tuple[str | None, str | None]]:
        return await asyncio.gather(serve("anna"), serve("bert"))

    assert list(asyncio.run(main())) == [("anna", "anna"), ("bert", "bert")]


def test_a_new_thread_has_no_user() -> None:
    seen: list[str | None] = []
    with bind_user("anna"):
        thread = threading.Thread(target=lambda: seen.append(bound_user()))
        thread.start()
        thread.join()
    if not getattr(sys.flags, "thread_inherit_context", False):
        assert seen == [None]


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of the application that policies can name."""
    module = ModuleType("users_app")
    monkeypatch.setitem(sys.modules, "users_app", module)
    return module


class Account:
    def __init__(self, **attributes: object) -> None:
        vars(self).update(attributes)

    def __repr__(self) -> str:
        return f"Account({vars(self)})"


@pytest.mark.parametrize(
    ("value", "user"),
    [
        ("anna", "anna"),
        (7, "7"),
        (0, "0"),
        (UUID(int=5), str(UUID(int=5))),
        ("", None),
        (None, None),
        (True, None),
        (Account(user_id="anna", id=3), "anna"),
        (Account(id=3), "3"),
        (Account(user_id=None, id=3), "3"),
        ({"user_id": "anna"}, "anna"),
        ({"id": 4}, "4"),
        (UserDict({"id": 4}), "4"),
        (Account(name="anna"), None),
    ],
    ids=repr,
)
def test_a_context_variable_holds_the_user_or_something_that_has_its_id(
    app: ModuleType, value: object, user: str | None
) -> None:
    app.current = contextvars.ContextVar("current", default=value)  # type: ignore[attr-defined]
    assert read([UserSource("contextvar", "users_app:current")], lambda: None) == user


def test_a_context_variable_without_a_value_or_a_module_that_is_not_loaded_answers_nothing(
    app: ModuleType,
) -> None:
    app.current = contextvars.ContextVar("current")  # type: ignore[attr-defined]
    assert read([UserSource("contextvar", "users_app:current")], lambda: None) is None
    assert read([UserSource("contextvar", "users_app:missing")], lambda: None) is None
    assert read([UserSource("contextvar", "not_loaded:current")], lambda: None) is None
    assert "not_loaded" not in sys.modules


def test_a_callable_is_asked_and_may_stand_in_a_class(app: ModuleType) -> None:
    app.Auth = Account(current=lambda: 9)  # type: ignore[attr-defined]
    assert read([UserSource("call", "users_app:Auth.current")], lambda: None) == "9"


def test_while_a_callable_is_asked_the_thread_is_marked(app: ModuleType) -> None:
    seen: list[bool] = []
    app.current = lambda: seen.append(threading.get_ident() in reading)  # type: ignore[attr-defined]
    assert read([UserSource("call", "users_app:current")], lambda: None) is None
    assert seen == [True]
    assert not reading


class Context(NamedTuple):
    user_id: str = "anna"
    user: object = None


@dataclass
class Slotted:
    __slots__ = ("user_id",)
    user_id: str


def takes(user_id: object = None, user_context: object = None, *, deep: object = None) -> None: ...


@pytest.mark.parametrize(
    ("target", "arguments", "keywords", "user"),
    [
        ("user_id", ("anna",), {}, "anna"),
        ("user_id", (), {"user_id": 7}, "7"),
        ("user_id", (), {}, None),
        ("user_context.user_id", (None, Context()), {}, "anna"),
        ("user_context.user_id", (None, {"user_id": "bert"}), {}, "bert"),
        ("user_context.user_id", (None, None), {}, None),
        ("user_context.user_id", (None, object()), {}, None),
        ("deep.a.b", (), {"deep": {"a": Account(b="carl")}}, "carl"),
        ("other", ("anna",), {}, None),
    ],
)
def test_an_argument_is_found_by_its_name_and_then_followed(
    target: str, arguments: tuple[object, ...], keywords: dict[str, object], user: str | None
) -> None:
    assert read([UserSource("argument", target)], takes, *arguments, **keywords) == user


def test_the_first_parameter_that_a_call_does_not_pass_is_left_out() -> None:
    def method(self: object, user_id: str) -> None: ...

    (reader,) = readers_for([UserSource("argument", "user_id")], method.__code__, 1, lambda *_: None)
    assert reader(None, ("anna",), {}) == "anna"


def test_an_instance_says_to_whom_it_belongs() -> None:
    (reader,) = readers_for([UserSource("instance", "owner.user_id")], None, 0, lambda *_: None)
    assert reader(Account(owner=Account(user_id="anna")), (), {}) == "anna"
    assert reader(Account(owner=None), (), {}) is None
    assert reader(Account(), (), {}) is None


def test_baggage_is_read_from_opentelemetry() -> None:
    from opentelemetry import baggage, context

    token = context.attach(baggage.set_baggage("user.id", "anna"))
    try:
        assert read([UserSource("baggage", "user.id")], lambda: None) == "anna"
        assert read([UserSource("baggage", "other")], lambda: None) is None
    finally:
        context.detach(token)


def test_the_first_source_that_answers_wins(app: ModuleType) -> None:
    app.current = contextvars.ContextVar("current", default=None)  # type: ignore[attr-defined]
    sources = [UserSource("contextvar", "users_app:current"), UserSource("argument", "user_id")]
    assert read(sources, takes, "anna") == "anna"
    app.current.set("bert")
    assert read(sources, takes, "anna") == "bert"


def test_a_source_that_raises_is_reported_and_answers_nothing(app: ModuleType) -> None:
    def fails() -> str:
        raise LookupError("no request")

    app.current = fails  # type: ignore[attr-defined]
    failures: list[tuple[str, str]] = []
    (reader,) = readers_for(
        [UserSource("call", "users_app:current")],
        None,
        0,
        lambda source, error: failures.append((source, type(error).__name__)),
    )
    assert reader(None, (), {}) is None
    assert failures == [("call = 'users_app:current'", "LookupError")]
    assert not reading


def with_user(user: object) -> None: ...


def with_user_id(user_id: object) -> None: ...


def with_user_context(user_context: object) -> None: ...


def with_context(context: object) -> None: ...


def with_ctx(ctx: object) -> None: ...


@pytest.mark.parametrize(
    ("maker", "value", "user"),
    [
        (with_user_id, "anna", "anna"),
        (with_user_id, 7, "7"),
        (with_user_id, "", None),
        (with_user, "anna", "anna"),
        (with_user, Account(user_id="anna"), "anna"),
        (with_user, Account(id=3), "3"),
        (with_user, {"id": 3}, "3"),
        (with_user, object(), None),
        (with_user_context, Context(), "anna"),
        (with_user_context, Slotted("anna"), "anna"),
        (with_user_context, {"user_id": "anna"}, "anna"),
        (with_context, Context(user_id="", user=Account(id=3)), "3"),
        (with_context, Account(user=Account(user_id=4)), "4"),
        (with_context, {"user": {"id": 5}}, "5"),
        (with_context, Account(user="anna"), None),
        (with_context, "staging", None),
        (with_ctx, 12, None),
        (with_ctx, Account(id=3), None),
        (with_ctx, None, None),
    ],
    ids=lambda value: value.__name__ if callable(value) else repr(value)[:20],
)
def test_without_a_policy_arguments_are_read_whose_names_say_that_they_hold_the_user(
    maker: Callable[..., Any], value: object, user: str | None
) -> None:
    assert read([], maker, value) == user
    assert read([], maker, **{maker.__code__.co_varnames[0]: value}) == user


class Request(dict[str, object]):
    def __init__(self, **attributes: object) -> None:
        super().__init__(mode="fast")
        vars(self).update(attributes)


class Scope(Mapping[str, object]):
    """Like Starlette's requests: a mapping of what its properties make something of."""

    headers = property(lambda self: {"x-user": "anna"})

    def __getitem__(self, key: str) -> object:
        return {"headers": [(b"x-user", b"anna")], "user": {"id": 7}}[key]

    def __iter__(self) -> Iterator[str]:
        return iter(("headers", "user"))

    def __len__(self) -> int:
        return 2


@pytest.mark.parametrize(
    ("request_", "path", "user"),
    [
        (Request(user=Account(id=3)), "request_.user.id", "3"),
        (Request(user_id="anna"), "request_", "anna"),
        (Request(user_id="anna"), "request_.mode", "fast"),
        (Scope(), "request_.headers.x-user", "anna"),
        (Scope(), "request_.user.id", "7"),
    ],
)
def test_a_request_that_is_a_mapping_has_attributes_too(request_: object, path: str, user: str) -> None:
    def maker(request_: object) -> None: ...

    assert read([UserSource("argument", path)], maker, request_) == user


def test_the_user_s_own_argument_comes_before_a_context() -> None:
    def maker(ctx: object, user_id: object) -> None: ...

    assert read([], maker, Context("bert"), "anna") == "anna"


class Lazy:
    """Like Django's SimpleLazyObject: whatever is asked of it loads it, its class too."""

    def __init__(self) -> None:
        self.loaded: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        loaded: list[str] = object.__getattribute__(self, "loaded") if name != "loaded" else []
        loaded.append(name)
        return Account if name == "__class__" else object.__getattribute__(self, name)


class Queries:
    """Something whose properties query a database."""

    def __init__(self) -> None:
        self.queries = 0

    @property
    def user_id(self) -> str:
        self.queries += 1
        return "anna"

    id = user = user_id


@pytest.mark.parametrize("maker", [with_user, with_user_id, with_user_context, with_context, with_ctx])
def test_arguments_that_load_lazily_stay_unloaded(maker: Callable[..., Any]) -> None:
    lazy, queries = Lazy(), Queries()
    assert read([], maker, lazy) is None
    assert object.__getattribute__(lazy, "loaded") == []
    assert read([], maker, queries) is None
    assert queries.queries == 0


def test_a_lazy_user_inside_a_context_stays_unloaded() -> None:
    lazy = Lazy()
    assert read([], with_context, Account(user=lazy)) is None
    assert object.__getattribute__(lazy, "loaded") == []


class Raises:
    def __getattribute__(self, name: str) -> object:
        raise RuntimeError(name)


@pytest.mark.parametrize("maker", [with_user, with_context])
def test_an_argument_whose_attributes_raise_is_nobody(maker: Callable[..., Any]) -> None:
    assert read([], maker, Raises()) is None
