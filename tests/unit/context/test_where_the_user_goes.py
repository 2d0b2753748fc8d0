"""The user is the one whom the running context names at the event: no more, no less, and never later.

What is attributed here was recorded long before the recorder's own thread looked at it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import sys
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from services.attribution import needs, ran, users_by_function
from support.application import observed

from ssot_probe.context.current import bind_user
from ssot_probe.context.identity import UserHasher
from ssot_probe.model.policy import Concept, Policy, UserSource
from ssot_probe.model.records import AccessRecord, MakeRecord

TEXT = """
    from contextvars import ContextVar

    current = ContextVar("current")

    class Manager:
        def work(self):
            return None

    def make(place):
        exec(compile("Manager()", place.strip("<>"), "exec"), {"Manager": Manager, "__name__": "{name}"})
"""
BOUND = Policy(concepts=(Concept("manager", ("Manager",)),))
VARIABLE = BOUND._replace(user=(UserSource("contextvar", "{name}:current"),))

Make = Callable[[str], None]


class Seen:
    """For whom managers were constructed, by the place that the test names."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._directory = directory
        self._names = ("anna", "bert")
        self._monkeypatch = monkeypatch

    def by(self, policy: Policy, scenario: Callable[[Any], None]) -> dict[str, list[str]]:
        """Let a scenario happen in an observed application, and return who it was at each place."""
        key = bytes(range(32))
        self._monkeypatch.setattr("os.urandom", lambda size: key[:size])
        hasher = UserHasher(key)
        names = {hasher(name): name for name in self._names}
        with observed(self._directory, TEXT, policy) as (application, capture):
            scenario(application)
            records = capture.records
        found: dict[str, set[str]] = defaultdict(set)
        for record in records:
            if isinstance(record, AccessRecord):
                found[f"<{record.site.file}>"].add(names[record.user])
            if isinstance(record, MakeRecord) and record.unattributed:
                found[f"<{record.site.file}>"].add("")
        return {place: sorted(users) for place, users in found.items()}


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seen:
    return Seen(tmp_path, monkeypatch)


def test_a_raw_executor_runs_without_the_caller_s_user_and_keeps_what_a_job_leaves(seen: Seen) -> None:
    def scenario(application: Any) -> None:
        def careless() -> None:
            application.current.set("anna")
            application.make("<in the job that sets it>")

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            application.current.set("bert")
            pool.submit(application.make, "<before>").result()
            pool.submit(careless).result()
            pool.submit(application.make, "<after it>").result()

    assert seen.by(VARIABLE, lambda application: contextvars.copy_context().run(scenario, application)) == {
        "<before>": [""],
        "<in the job that sets it>": ["anna"],
        "<after it>": ["anna"],
    }


def test_a_copied_context_carries_the_user_along(seen: Seen) -> None:
    def scenario(application: Any) -> None:
        with bind_user("anna"):
            copied = contextvars.copy_context()
        with bind_user("bert"), concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(copied.run, application.make, "<in the copy>").result()
            application.make("<here>")
        application.make("<outside>")

    assert seen.by(BOUND, scenario) == {
        "<in the copy>": ["anna"],
        "<here>": ["bert"],
        "<outside>": [""],
    }


def test_a_new_thread_begins_with_nobody(seen: Seen) -> None:
    def scenario(application: Any) -> None:
        with bind_user("anna"):
            thread = threading.Thread(target=application.make, args=("<thread>",))
            thread.start()
            thread.join()

    expected = ["anna"] if getattr(sys.flags, "thread_inherit_context", False) else [""]
    assert seen.by(BOUND, scenario) == {"<thread>": expected}


def asynchronous(scenario: Callable[[Any], Coroutine[Any, Any, None]]) -> Callable[[Any], None]:
    return lambda application: asyncio.run(scenario(application))


def test_tasks_callbacks_and_to_thread_run_for_the_user_who_started_them(seen: Seen) -> None:
    async def scenario(application: Any) -> None:
        loop, make = asyncio.get_running_loop(), application.make
        done = loop.create_future()

        async def part(place: str) -> None:
            await asyncio.sleep(0)
            make(place)

        with bind_user("anna"):
            task = asyncio.create_task(part("<task>"))
            loop.call_soon(make, "<call_soon>")
            loop.call_later(0, make, "<call_later>")
            done.add_done_callback(lambda future: make("<callback>"))
            await asyncio.to_thread(make, "<to_thread>")
            await loop.run_in_executor(None, make, "<run_in_executor>")
        with bind_user("bert"):
            await asyncio.gather(task, part("<gather>"))
            done.set_result(None)
            await asyncio.wait_for(part("<wait_for>"), 5)
        await asyncio.sleep(0.01)

    assert seen.by(BOUND, asynchronous(scenario)) == {
        "<task>": ["anna"],
        "<call_soon>": ["anna"],
        "<call_later>": ["anna"],
        "<callback>": ["anna"],
        "<to_thread>": ["anna"],
        "<run_in_executor>": [""],
        "<gather>": ["bert"],
        "<wait_for>": ["bert"],
    }


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.TaskGroup came with 3.11")
def test_a_task_group_runs_for_whoever_is_the_user_when_a_task_is_created(seen: Seen) -> None:
    async def scenario(application: Any) -> None:
        async def part(place: str) -> None:
            application.make(place)

        async with asyncio.TaskGroup() as group:  # type: ignore[attr-defined, unused-ignore]
            with bind_user("anna"):
                group.create_task(part("<first>"))
            with bind_user("bert"):
                group.create_task(part("<second>"))
            group.create_task(part("<third>"))

    assert seen.by(BOUND, asynchronous(scenario)) == {
        "<first>": ["anna"],
        "<second>": ["bert"],
        "<third>": [""],
    }


def test_what_a_generator_sets_is_set_for_whoever_steps_it(seen: Seen) -> None:
    async def scenario(application: Any) -> None:
        async def asynchronous_steps() -> AsyncIterator[None]:
            application.current.set("anna")
            yield
            application.make("<in the generator, stepped by another>")

        def steps() -> Iterator[None]:
            application.current.set("anna")
            yield

        generator = asynchronous_steps()
        await generator.__anext__()
        application.make("<in the consumer>")
        application.current.set("bert")
        await anext_or_none(generator)
        next(steps())
        application.make("<after a plain generator>")

    assert seen.by(VARIABLE, asynchronous(scenario)) == {
        "<in the consumer>": ["anna"],
        "<in the generator, stepped by another>": ["bert"],
        "<after a plain generator>": ["anna"],
    }


async def anext_or_none(generator: AsyncIterator[None]) -> None:
    async for _ in generator:
        return


def test_a_block_that_ends_in_another_context_than_it_began_raises_nothing() -> None:
    def steps() -> Iterator[None]:
        with bind_user("anna"):
            yield

    generator = steps()
    contextvars.copy_context().run(next, generator)
    with pytest.raises(StopIteration):
        contextvars.copy_context().run(next, generator)


def test_anyio_s_threads_and_task_groups_run_in_a_copy(seen: Seen) -> None:
    anyio = pytest.importorskip("anyio")

    async def scenario(application: Any) -> None:
        async def part(place: str) -> None:
            await anyio.to_thread.run_sync(application.make, place)

        async with anyio.create_task_group() as group:
            with bind_user("anna"):
                group.start_soon(part, "<first>")
            with bind_user("bert"):
                group.start_soon(part, "<second>")

    assert seen.by(BOUND, asynchronous(scenario)) == {"<first>": ["anna"], "<second>": ["bert"]}


def test_who_uses_an_instance_is_who_runs_at_that_moment(seen: Seen) -> None:
    def scenario(application: Any) -> None:
        manager = application.Manager()
        with bind_user("anna"):
            exec(compile("manager.work()", "first use", "exec"), {"manager": manager})
        with bind_user("bert"):
            exec(compile("manager.work()", "second use", "exec"), {"manager": manager})

    found = seen.by(BOUND, scenario)
    assert (found["<first use>"], found["<second use>"]) == (["anna"], ["bert"])


@needs("gevent")
def test_greenlets_have_users_of_their_own(tmp_path: Path) -> None:
    served = """
        import gevent
        from ssot_probe import bind_user

        class Manager: ...

        def serve(name):
            with bind_user(name):
                gevent.sleep(0.01)
                Manager()

        def in_greenlet():
            gevent.sleep(0)
            Manager()

        def serve_all():
            jobs = [gevent.spawn(serve, "anna"), gevent.spawn(serve, "bert"), gevent.spawn(in_greenlet)]
            gevent.joinall(jobs)
    """
    patched = "from gevent import monkey; monkey.patch_all()"
    done = ran(tmp_path, "import served; served.serve_all()", first=patched, files={"served.py": served})
    assert users_by_function(done) == {"in_greenlet": [""], "serve": ["anna", "bert"]}
