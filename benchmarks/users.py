"""What it costs to learn who the user is, once for each recorded call: source by source."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from benchmarks.alone import Effort
from benchmarks.progress import Progress
from benchmarks.readings import Reading, at_most
from benchmarks.rounds import Variant, take_turns
from ssot_probe.context import frameworks
from ssot_probe.context.frameworks import Framework, asgi, django, framework_user
from ssot_probe.context.sources import UserSources
from ssot_probe.model.policy import UserSource

GROUP = "who is the user"

NANOSECONDS = at_most(300)

_MODULE = "bench_users"


class Holder:
    """A user, a request or whatever else has attributes."""

    def __init__(self, **attributes: object) -> None:
        vars(self).update(attributes)


def measure(effort: Effort) -> list[Reading]:
    """Read the user from each source, and nothing in the same way."""
    ways = {
        "nothing to ask": _nobody(),
        "a ContextVar with an id": _declared("contextvar", "anna"),
        "a ContextVar with an object": _declared("contextvar", Holder(id=3)),
        "a callable": _declared("call", lambda: "anna"),
        "Starlette, scope": _request(asgi.accounts, {"user": Holder(id=3)}),
        "Starlette, state": _request(asgi.accounts, {"state": {"user_id": "anna"}}),
        "Django, loaded": _request(django.accounts, Holder(user=Holder(id=3))),
    }
    with Progress("who is the user", effort.rounds) as progress:
        timings = take_turns({"empty": _times(_empty), **ways}, effort.rounds, progress, frameworks.forget)
    return [
        Reading(GROUP, f"{name}, beside an empty call", timings.added(name, "empty"), _goal(name), "ns")
        for name in ways
    ]


def _goal(name: str) -> Any:
    return None if name in ("a callable", "a ContextVar with an object") else NANOSECONDS


def _empty() -> None:
    return None


def _times(read: Callable[[], object]) -> Variant:
    def run(count: int) -> None:
        for _ in range(count):
            read()

    return run


def _nobody() -> Variant:
    return _times(framework_user)


def _declared(kind: str, value: Any) -> Variant:
    module = sys.modules.setdefault(_MODULE, ModuleType(_MODULE))
    name = f"source_{len(vars(module))}"
    source: Any = value
    if kind == "contextvar":
        source = ContextVar(name)
        source.set(value)
    setattr(module, name, source)
    (reader,) = UserSources([UserSource(kind, f"{_MODULE}:{name}")], _complain).of_use()
    return _times(lambda: reader(None, (), {}))


def _request(accounts: frameworks.Accounts, carrier: Any) -> Variant:
    def run(count: int) -> None:
        with _running(accounts, carrier):
            for _ in range(count):
                framework_user()

    return run


@contextmanager
def _running(accounts: frameworks.Accounts, carrier: Any) -> Iterator[None]:
    begun = frameworks.begin(Framework("bench"), accounts, carrier)
    try:
        yield
    finally:
        if begun is not None:
            frameworks.end(begun)


def _complain(source: str, error: BaseException) -> None:
    raise RuntimeError(f"{source} failed") from error
