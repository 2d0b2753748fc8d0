"""Sources of users that misbehave: the application does not notice, and the recording says what happened."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.application import observed

from ssot_probe.context import asking
from ssot_probe.context.asking import Asking, reading
from ssot_probe.context.current import bind_user, bound_user
from ssot_probe.context.sources import UserReader, UserSources
from ssot_probe.context.values import id_of_account, scalar, stored, unwrapped, user_id
from ssot_probe.model.policy import Concept, Policy, UserSource
from ssot_probe.model.records import AccessRecord, BlindRecord, MakeRecord, UserSourceRecord


class Asked:
    """A source of a policy, and what it was said to have done wrong."""

    def __init__(self, kind: str, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        module = ModuleType("hostile_app")
        module.current = value  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "hostile_app", module)
        self.failures: list[tuple[str, str]] = []
        self.sources = UserSources([UserSource(kind, "hostile_app:current")], self._failed)
        self._readers: tuple[UserReader, ...] = self.sources.of_use()

    def user(self) -> str | None:
        """Ask it."""
        (reader,) = self._readers
        return reader(None, (), {})

    def states(self) -> list[str]:
        """What is told of it."""
        return [record.state for record in self.sources.changes()]

    def _failed(self, source: str, error: BaseException) -> None:
        self.failures.append((source, str(error) or type(error).__name__))


def variable(value: object) -> ContextVar[object]:
    """Return a context variable that has this value."""
    current: ContextVar[object] = ContextVar("current")
    current.set(value)
    return current


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], Asked]:
    return lambda kind, value: Asked(kind, value, monkeypatch)


@pytest.fixture(autouse=True)
def is_quiet() -> Iterator[None]:
    yield
    assert not reading


class Clock:
    """Time that passes as told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0
        monkeypatch.setattr(asking, "perf_counter_ns", lambda: self.now)

    def taking(self, *nanoseconds: int) -> Callable[[], str]:
        """Return a callable that takes so long, call by call, the last for ever."""
        waits = list(nanoseconds)

        def source() -> str:
            self.now += waits.pop(0) if len(waits) > 1 else waits[0]
            return "anna"

        return source


def test_a_callable_that_is_slow_again_and_again_is_not_asked_any_more(
    ask: Callable[[str, Any], Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ask("call", Clock(monkeypatch).taking(asking.SLOW + 1))
    users = [source.user() for _ in range(asking.MOST_SLOW + 2)]
    assert users == ["anna"] * asking.MOST_SLOW + [None] * 2
    ((name, reason),) = source.failures
    assert name == "call = 'hostile_app:current'"
    assert reason == "it took over 10 ms, 5 times in a row: it is not asked any more"


def test_a_callable_that_is_slow_now_and_then_is_asked_on(
    ask: Callable[[str, Any], Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = asking.SLOW + 1
    source = ask("call", Clock(monkeypatch).taking(*([slow] * (asking.MOST_SLOW - 1) + [0]) * 3, 0))
    assert {source.user() for _ in range(3 * asking.MOST_SLOW + 5)} == {"anna"}
    assert source.failures == []


def test_a_callable_that_blocks_is_asked_once(
    ask: Callable[[str, Any], Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ask("call", Clock(monkeypatch).taking(asking.STALLED))
    assert [source.user(), source.user()] == ["anna", None]
    assert "at once" in source.failures[0][1]


def test_a_property_of_a_context_variable_s_value_is_measured_too(
    ask: Callable[[str, Any], Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = Clock(monkeypatch).taking(asking.STALLED)

    class Slow:
        @property
        def user_id(self) -> str:
            return taking()

    source = ask("contextvar", variable(Slow()))
    assert [source.user(), source.user()] == ["anna", None]


def test_an_async_function_leaves_no_warning_and_is_told(ask: Callable[[str, Any], Asked]) -> None:
    async def current() -> str:
        return "anna"

    source = ask("call", current)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert [source.user(), source.user()] == [None, None]
    assert warned == []
    ((_, reason),) = source.failures
    assert reason.startswith("it is an async function")


def test_a_source_that_asks_what_asks_it_comes_to_an_end(ask: Callable[[str, Any], Asked]) -> None:
    answers: list[str | None] = []

    def current() -> str:
        answers.append(source.user())
        return "anna"

    source = ask("call", current)
    assert source.user() == "anna"
    assert answers == [None]


def test_a_source_that_raises_is_asked_again(ask: Callable[[str, Any], Asked]) -> None:
    outcomes: list[Any] = [RuntimeError("outside of a request"), "anna"]

    def current() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return str(outcome)

    source = ask("call", current)
    assert [source.user(), source.user()] == [None, "anna"]
    assert len(source.failures) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interruption_belongs_to_the_application(
    ask: Callable[[str, Any], Asked], error: type[BaseException]
) -> None:
    def current() -> str:
        raise error

    with pytest.raises(error):
        ask("call", current).user()


class Odd(str):
    """A string with methods of its own."""

    def __str__(self) -> str:
        raise AssertionError

    def __eq__(self, other: object) -> bool:
        raise AssertionError

    __hash__ = None  # type: ignore[assignment]


class OddNumber(int):
    def __str__(self) -> str:
        raise AssertionError

    __repr__ = __str__


class Anything:
    """Has every attribute, and none is an id."""

    def __getattr__(self, name: str) -> Any:
        return Anything()

    def __eq__(self, other: object) -> bool:
        raise AssertionError

    def __str__(self) -> str:
        raise AssertionError

    def __bool__(self) -> bool:
        raise AssertionError

    __hash__ = None  # type: ignore[assignment]


class Liar:
    """Says that it is something else."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise AssertionError

    __dict__ = property(lambda self: {"user_id": "forced"})


class Guest:
    is_authenticated = False
    user_id = "guest-1"


class AnonymousUser:
    id = None
    username = ""


@pytest.mark.parametrize(
    ("value", "user"),
    [
        (None, None),
        (True, None),
        (False, None),
        ("", None),
        (b"", None),
        (b"anna", "anna"),
        (b"\xff", "\\xff"),
        ([], None),
        ({}, None),
        ({"user_id": ["anna"]}, None),
        (1.5, None),
        (Odd("anna"), "anna"),
        (OddNumber(7), "7"),
        (10**5000, None),
        ("x" * 10_000, None),
        (b"x" * 10_000, None),
        (Anything(), None),
        (Guest(), None),
        (AnonymousUser(), None),
        ({"is_authenticated": False, "id": 3}, None),
        ("anonymous", None),
        ({"id": "anonymous"}, None),
        (object(), None),
        (lambda: "anna", None),
        (type("Meta", (type,), {})("cls", (), {}), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_odd_values_are_nobody_or_a_plain_string(
    ask: Callable[[str, Any], Asked], value: object, user: str | None
) -> None:
    for kind, named in (("contextvar", variable(value)), ("call", lambda: value)):
        source = ask(kind, named)
        found = source.user()
        assert found == user
        assert found is None or type(found) is str
        assert source.failures == []
    with bind_user(value):  # type: ignore[arg-type]
        assert bound_user() == user


def test_an_object_that_lies_about_itself_is_read_without_asking_it() -> None:
    assert stored(Liar(), "user_id") is None
    assert id_of_account(Liar()) is None
    with bind_user(Liar()):  # type: ignore[arg-type]
        assert bound_user() is None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text() | st.binary(), st.lists))
def test_whatever_a_source_says_the_answer_is_nobody_or_a_short_plain_string(value: object) -> None:
    for read in (scalar, user_id, id_of_account):
        found = read(value)
        assert found is None or type(found) is str
        assert len(found or "") <= 4 * 4096


class LazyObject:
    """As Django's: what it is asked for loads what it stands for, but for what the class itself has."""

    def __init__(self) -> None:
        self.__dict__["_wrapped"] = object()

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"loaded for {name}")


class SimpleLazyObject(LazyObject): ...


def test_a_lazy_user_is_nobody_until_somebody_has_loaded_it(ask: Callable[[str, Any], Asked]) -> None:
    lazy = SimpleLazyObject()
    assert unwrapped(lazy) is None
    for kind, named in (("contextvar", variable(lazy)), ("call", lambda: lazy)):
        lazy.__dict__["_wrapped"] = object()
        source = ask(kind, named)
        assert source.user() is None
        lazy.__dict__["_wrapped"] = {"id": 3}
        assert source.user() == "3"
        assert source.failures == []


def test_what_became_of_a_source_is_told_once_for_each_change(ask: Callable[[str, Any], Asked]) -> None:
    current: ContextVar[str | None] = ContextVar("current", default=None)
    source = ask("contextvar", current)
    assert source.states() == []
    source.user()
    assert source.states() == ["silent"]
    assert source.states() == []
    current.set("anna")
    source.user()
    assert source.states() == ["answered"]


def test_a_name_that_is_not_in_its_module_is_told_as_missing(
    ask: Callable[[str, Any], Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ask("call", None)
    del sys.modules["hostile_app"].current
    assert source.user() is None
    assert source.states() == ["missing"]


def test_many_threads_that_ask_one_slow_source_are_not_mixed_up() -> None:
    failures: list[str] = []
    source = Asking("call = 'a:b'", lambda name, error: failures.append(name))
    gate, answers = threading.Barrier(4), []

    def ask_it(name: str) -> None:
        def read() -> str:
            gate.wait(10)
            return name

        answers.append((name, source.ask(read)))

    threads = [threading.Thread(target=ask_it, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(str(number), str(number)) for number in range(4)]


def blind_spots(records: list[Any]) -> list[BlindRecord]:
    """Return what could not be seen, but for what 3.10 cannot tell of imports."""
    return [
        record
        for record in records
        if isinstance(record, BlindRecord) and not record.subject.startswith("imports of")
    ]


MANAGER = Concept("manager", ("Manager",))


def test_what_a_source_constructs_is_not_observed_and_secrets_leave_hashed(tmp_path: Path) -> None:
    text = """
        class Manager: ...

        class Session:
            token = "s3cr3t-t0ken"

        def current():
            Manager()
            return Session.token

        def serve():
            return Manager()
    """
    policy = Policy(concepts=(MANAGER,), user=(UserSource("call", "{name}:current"),))
    with observed(tmp_path, text, policy) as (application, capture):
        application.serve()
        records = capture.records
    made = [record for record in records if isinstance(record, MakeRecord)]
    assert sum(record.count for record in made if record.outcome == "constructed") == 1
    (access,) = (record for record in records if isinstance(record, AccessRecord))
    assert access.user.startswith("u-")
    assert "s3cr3t" not in repr(records)


def test_a_hostile_argument_leaves_the_maker_observed(tmp_path: Path) -> None:
    text = """
        class Manager: ...

        def get_manager(user):
            return Manager()
    """
    with observed(tmp_path, text, Policy(concepts=(MANAGER,))) as (application, capture):
        for value in (Liar(), Anything(), Odd("anna"), 10**5000):
            application.get_manager(value)
        records = capture.records
    handed_out = [
        record for record in records if isinstance(record, MakeRecord) and record.outcome == "returned"
    ]
    assert sum(record.count for record in handed_out) == 4
    assert sum(record.unattributed for record in handed_out) == 3
    assert not blind_spots(records)


def test_an_async_source_is_said_to_be_one(tmp_path: Path) -> None:
    text = """
        class Manager: ...

        async def current():
            return "anna"
    """
    policy = Policy(concepts=(MANAGER,), user=(UserSource("call", "{name}:current"),))
    with observed(tmp_path, text, policy) as (application, capture):
        application.Manager()
        application.Manager()
        records = capture.records
    (blind,) = blind_spots(records)
    assert blind.subject.startswith("call = ")
    assert "async function" in blind.reason
    (source,) = (record for record in records if isinstance(record, UserSourceRecord))
    assert (source.kind, source.state) == ("policy", "silent")
