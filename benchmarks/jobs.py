"""What it costs to hear a job of a thread pool begin and end, and a call be checked for a stale context."""

from __future__ import annotations

import concurrent.futures.thread as pools
import sys
import threading
from collections.abc import Sequence
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from benchmarks.alone import Effort
from benchmarks.progress import Progress
from benchmarks.readings import Reading, at_most
from benchmarks.rounds import Variant, take_turns
from ssot_probe.context import work
from ssot_probe.context.carried import carriers_of
from ssot_probe.model.policy import UserSource
from ssot_probe.observe.jobs import POOLS, Jobs
from ssot_probe.observe.leftovers import Leftovers
from ssot_probe.observe.stale_calls import StaleCalls

GROUP = "what work leaves behind"

NANOSECONDS = at_most(1_000)

_MODULE, _WITH_LOCAL = "bench_jobs", "bench_jobs_local"
_VARIABLE = UserSource("contextvar", f"{_MODULE}:current_user")
_ARGUMENT = UserSource("argument", "user_id")


class _Outcome:
    """What a job tells its end to, without a lock."""

    def set_running_or_notify_cancel(self) -> bool:
        """Let the job run."""
        return True

    def set_result(self, result: object) -> None:
        """Take its result."""


def measure(effort: Effort) -> list[Reading]:
    """Run jobs that do nothing, made and run by the pool's own code; and check calls that are fine."""
    module = sys.modules[_MODULE] = ModuleType(_MODULE)
    current_user = vars(module)["current_user"] = ContextVar[str]("current_user")
    with_local = sys.modules[_WITH_LOCAL] = ModuleType(_WITH_LOCAL)
    vars(with_local)["state"] = threading.local()
    jobs = {
        "job, no source of users": _observed((), module),
        "job, a ContextVar": _observed((_VARIABLE,), module),
        "job, a ContextVar and a thread-local": _observed((_VARIABLE,), with_local),
    }
    current_user.set("anna")
    calls = {"call, a ContextVar and an argument": _checked((_VARIABLE, _ARGUMENT))}
    variants = {"plain": _running(_pool()), "empty": _empty, **jobs, **calls}
    with Progress(GROUP, effort.rounds) as progress:
        timings = take_turns(variants, effort.rounds, progress, lambda: None)
    del sys.modules[_MODULE], sys.modules[_WITH_LOCAL]
    return [
        Reading(GROUP, f"{name}, added", timings.added(name, base), NANOSECONDS, "ns")
        for names, base in ((jobs, "plain"), (calls, "empty"))
        for name in names
    ]


def _pool() -> Any:
    """Return a module with what pools make of a job, of its own: what is put on it stays there."""
    module: Any = ModuleType(POOLS)
    item = vars(pools)["_WorkItem"]
    module._WorkItem = type(item.__name__, (), dict(vars(item)))
    return module


def _running(pool: Any) -> Variant:
    def run(count: int) -> None:
        item, outcome = pool._WorkItem, _Outcome()
        for _ in range(count):
            item(outcome, _nothing, (), {}).run()

    return run


def _empty(count: int) -> None:
    for _ in range(count):
        _nothing()


def _nothing(user_id: str = "") -> None:
    return None


def _observed(sources: Sequence[UserSource], module: ModuleType) -> Variant:
    carriers = carriers_of(sources, _fail)
    leftovers = Leftovers(carriers, _ignore, lambda name, file: name == module.__name__, _fail)

    pool = _pool()
    Jobs(carriers, _fail).loaded(POOLS, pool)
    run_jobs = _running(pool)

    def run(count: int) -> None:
        work.watchers[:] = [leftovers]
        run_jobs(count)
        work.watchers.clear()

    return run


def _checked(sources: Sequence[UserSource]) -> Variant:
    check: Any = StaleCalls(sources, _ignore, _fail).of_maker(_nothing.__code__, 0)
    code, arguments = _nothing.__code__, ("anna",)

    def run(count: int) -> None:
        for _ in range(count):
            check(None, None, None, arguments, {}, code, 0)

    return run


def _ignore(event: object) -> None:
    return None


def _fail(subject: str, error: BaseException) -> None:
    raise error
