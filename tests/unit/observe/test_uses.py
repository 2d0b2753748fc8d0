"""Methods that are listened to behave as they did, and tell who used what."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import threading
import traceback
import warnings
import weakref
from pathlib import Path

import pytest
from support.application import observed

from ssot_probe.context.current import bind_user
from ssot_probe.model.policy import Concept, Policy, UserSource
from ssot_probe.model.records import AccessRecord, BlindRecord, OverlapRecord, SharingRecord, ThreadRecord
from ssot_probe.testing import Capture

APPLICATION = """
    import asyncio
    from dataclasses import dataclass

    class BoxManager:
        def __init__(self):
            self.looks = 0
        def open(self, meet=None):
            if meet is not None:
                meet.wait(5)
            return self
        def fail(self):
            raise LookupError("no box")
        async def send(self, meet=None):
            if meet is not None:
                await meet.wait()
            return self
        async def fail_later(self):
            await asyncio.sleep(0)
            raise LookupError("no box")
        def stream(self):
            '''Numbers.'''
            sent = yield 1
            yield sent
        async def events(self):
            yield 1
        @property
        def size(self):
            self.looks += 1
            return 3
        @staticmethod
        def count():
            return 1
        @classmethod
        def name(cls):
            return cls.__name__
        def _hidden(self):
            return 1

    class SlottedManager:
        __slots__ = ("lines",)
        def open(self, meet=None):
            return self

    class WeakSlottedManager:
        __slots__ = ("lines", "__weakref__")
        def open(self, meet=None):
            if meet is not None:
                meet.wait(5)
            return self

    @dataclass(frozen=True)
    class FrozenManager:
        size: int = 1
        def open(self, meet=None):
            if meet is not None:
                meet.wait(5)
            return self

    class BigManager(BoxManager):
        def open(self, meet=None):
            return super().open(meet)
        async def send(self, meet=None):
            return await super().send(meet)

    shared = BoxManager()
"""

POLICY = Policy(concepts=(Concept("box", ("*Manager",)),))


def of(capture: Capture, kind: type) -> list[object]:
    return [record for record in capture.records if isinstance(record, kind)]


def meet_in_threads(capture: Capture, instance: object, *users: str) -> list[object]:
    meet = threading.Barrier(len(users))

    def work(user: str) -> None:
        with bind_user(user):
            instance.open(meet)  # type: ignore[attr-defined]

    threads = [threading.Thread(target=work, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return of(capture, OverlapRecord)


@pytest.mark.parametrize("name", ["BoxManager", "BigManager", "WeakSlottedManager", "FrozenManager"])
def test_two_users_inside_are_noticed_in_classes_of_any_shape(tmp_path: Path, name: str) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        (told,) = meet_in_threads(capture, getattr(app, name)(), "anna", "bert")
    assert isinstance(told, OverlapRecord)
    assert len(set(told.users)) == 2
    assert told.entered <= told.time <= told.until
    assert told.count == 1
    assert {Path(place.rpartition(":")[0]).name for place in told.places} == {Path(__file__).name}


def test_a_class_without_weak_references_is_a_blind_spot_and_works(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        one = app.SlottedManager()
        for user in ("anna", "bert"):
            with bind_user(user):
                assert one.open() is one
        blind = [record.subject for record in of(capture, BlindRecord)]  # type: ignore[attr-defined]
        assert f"{app.__name__}:SlottedManager" in blind
        assert of(capture, OverlapRecord) == []


def test_the_call_of_a_bases_method_is_no_second_use(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        one = app.BigManager()
        with bind_user("anna"):
            assert one.open() is one
            assert asyncio.run(one.send()) is one
        assert len(of(capture, AccessRecord)) == 1
        assert of(capture, OverlapRecord) == of(capture, ThreadRecord) == []


def test_properties_static_and_class_methods_and_private_names_are_let_be(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        assert type(vars(app.BoxManager)["size"]) is property
        with bind_user("anna"):
            assert (app.shared.size, app.shared.looks) == (3, 1)
            assert (app.shared.count(), app.shared.name(), app.shared._hidden()) == (1, "BoxManager", 1)
        assert of(capture, AccessRecord) == []


def test_errors_are_the_applications_own_and_leave_nobody_inside(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        for call in (app.shared.fail, lambda: asyncio.run(app.shared.fail_later())):
            with bind_user("anna"), pytest.raises(LookupError, match="no box") as raised:
                call()
            if hasattr(BaseException, "add_note"):  # 3.11: before, `raise` adds the frame again
                files = [frame.filename for frame in traceback.extract_tb(raised.value.__traceback__)]
                assert not [file for file in files if "ssot_probe" in file]
        with bind_user("bert"):
            app.shared.open()
        assert of(capture, OverlapRecord) == []


def test_wrong_arguments_of_an_async_method_fail_when_it_is_called(tmp_path: Path) -> None:
    match = r"send\(\) got an unexpected keyword argument 'x'"
    with observed(tmp_path, APPLICATION, POLICY) as (app, _), bind_user("anna"):
        with pytest.raises(TypeError, match=match):
            app.shared.send(x=1)
        assert asyncio.run(app.shared.send()) is app.shared


def test_coroutines_and_generators_are_what_they_were(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, _), bind_user("anna"):
        assert inspect.iscoroutinefunction(app.shared.send)
        assert inspect.isgeneratorfunction(app.shared.stream)
        assert inspect.isasyncgenfunction(app.shared.events)
        coroutine = app.shared.send()
        assert inspect.iscoroutine(coroutine)
        assert (coroutine.__name__, coroutine.__qualname__) == ("send", "BoxManager.send")
        coroutine.close()
        generator = app.shared.stream()
        assert generator.gi_code is app.BoxManager.stream.__wrapped__.__code__
        assert (next(generator), generator.send("it")) == (1, "it")


def test_a_coroutine_that_is_never_awaited_is_warned_of_once_and_by_its_name(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, _), bind_user("anna"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            app.shared.send()
            gc.collect()
        messages = [str(warning.message) for warning in caught]
        assert messages == ["coroutine 'BoxManager.send' was never awaited"]


def test_a_cancelled_call_leaves_and_the_cancellation_goes_on(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):

        async def main() -> None:
            async def handle() -> None:
                with bind_user("anna"):
                    await app.shared.send(asyncio.Event())

            task = asyncio.create_task(handle())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with bind_user("bert"):
                await app.shared.send()

        asyncio.run(main())
        assert of(capture, OverlapRecord) == []
        assert len(of(capture, SharingRecord)) == 1


def test_a_suspended_coroutine_that_is_dropped_leaves_and_keeps_nothing_alive(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        one = app.BoxManager()

        class Forever:
            def wait(self) -> Forever:
                return self

            def __await__(self):  # type: ignore[no-untyped-def]
                yield

        with bind_user("anna"):
            coroutine = one.send(Forever())
            coroutine.send(None)
        reference = weakref.ref(one)
        del coroutine
        with bind_user("bert"):
            one.open()
        assert of(capture, OverlapRecord) == []
        del one
        gc.collect()
        assert reference() is None


def test_generators_keep_no_instance_alive(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        one = app.BoxManager()
        with bind_user("anna"):
            generator = one.stream()
            next(generator)
        known = capture._probe.instances.find(one)
        assert known is not None
        assert len(known.use.visits) == 1  # type: ignore[union-attr]
        reference = weakref.ref(one)
        del generator
        assert known.use.visits == {}  # type: ignore[union-attr]
        del one
        assert reference() is None


def test_methods_work_after_the_probe_stopped_and_tell_nothing(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        one, bound, held = app.BoxManager(), app.shared.open, app.shared.send
        inside = threading.Event()
        go_on = threading.Event()

        class Meet:
            def wait(self, seconds: float) -> None:
                inside.set()
                go_on.wait(5)

        def work() -> None:
            with bind_user("anna"):
                one.open(Meet())

        thread = threading.Thread(target=work)
        thread.start()
        inside.wait(5)
    told = len(capture.records)
    go_on.set()
    thread.join()
    with bind_user("bert"):
        assert bound() is app.shared
        assert asyncio.run(held()) is app.shared
        assert one.open() is one
    assert len(capture.records) == told


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_who_was_inside_is_forgotten_in_a_forked_child(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        inside, go_on = threading.Event(), threading.Event()

        class Meet:
            def wait(self, seconds: float) -> None:
                inside.set()
                go_on.wait(5)

        def work() -> None:
            with bind_user("anna"):
                app.shared.open(Meet())

        thread = threading.Thread(target=work)
        thread.start()
        inside.wait(5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            child = os.fork()
        if not child:
            with bind_user("bert"):
                app.shared.open()
            known = capture._probe.instances.find(app.shared)
            os._exit(0 if known is not None and known.user == "bert" and known.others is None else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        go_on.set()
        thread.join()


def test_overlaps_are_told_one_by_one_first_and_then_counted(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):

        async def main() -> None:
            stop = asyncio.Event()

            async def stay() -> None:
                with bind_user("anna"):
                    await app.shared.send(stop)

            staying = asyncio.create_task(stay())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            with bind_user("bert"):
                for _ in range(100):
                    app.shared.open()
            stop.set()
            await staying

        asyncio.run(main())
        told = of(capture, OverlapRecord)
    assert [record.count for record in told] == [1, 1, 1, 1, 4, 8, 16, 32]  # type: ignore[attr-defined]


def test_a_call_that_goes_on_is_known_though_a_later_one_of_its_method_is_over(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):

        async def main() -> None:
            stop = asyncio.Event()

            async def stay() -> None:
                with bind_user("anna"):
                    await app.shared.send()
                    await app.shared.send(stop)

            staying = asyncio.create_task(stay())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            with bind_user("anna"):
                for _ in range(3):
                    await app.shared.send()
            with bind_user("bert"):
                app.shared.open()
            stop.set()
            await staying

        asyncio.run(main())
        (told,) = of(capture, OverlapRecord)
    assert [method.rpartition(".")[2] for method in told.methods] == ["send", "open"]  # type: ignore[attr-defined]


def test_calls_that_are_over_are_not_kept_however_many_there_were(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):

        async def main() -> None:
            with bind_user("anna"):
                for _ in range(1_000):
                    await app.shared.send()

        asyncio.run(main())
        known = capture._probe.instances.find(app.shared)
        assert known is not None
        assert known.use is not None
        assert len(known.use.calls) < 20


def test_a_source_that_calls_a_method_of_the_instance_does_not_loop(tmp_path: Path) -> None:
    text = APPLICATION + "\n    def current_user():\n        shared.open()\n        return 'anna'\n"
    policy = POLICY._replace(user=(UserSource("call", "{name}:current_user"),))
    with observed(tmp_path, text, policy) as (app, capture):
        assert app.shared.open() is app.shared
        assert len(of(capture, AccessRecord)) == 1


def test_threads_that_come_later_with_the_same_number_are_told_apart(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        idents = set()

        def work() -> None:
            idents.add(threading.get_ident())
            with bind_user("anna"):
                app.shared.open()

        for _ in range(5):
            thread = threading.Thread(target=work, name="worker")
            thread.start()
            thread.join()
        records = of(capture, ThreadRecord)
    assert len({record.number for record in records}) == 5  # type: ignore[attr-defined]
    assert {record.thread for record in records} == {"named thread"}  # type: ignore[attr-defined]
    assert len(idents) < 5


def test_awaited_calls_of_one_user_do_not_pile_up(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        one = app.BoxManager()

        async def main() -> None:
            with bind_user("anna"):
                for _ in range(1_000):
                    await one.send()

        asyncio.run(main())
        known = capture._probe.instances.find(one)
        assert known is not None
        assert len(known.use.calls) < 50  # type: ignore[union-attr]
        assert known.use.visits == {}  # type: ignore[union-attr]


def test_a_second_user_finds_the_first_one_in_a_call_that_was_awaited_at_once(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        one = app.BoxManager()

        async def call(user: str, meet: asyncio.Event | None = None) -> None:
            with bind_user(user):
                await one.send(meet)

        async def main() -> None:
            stop = asyncio.Event()
            staying = [asyncio.create_task(call("anna", stop), name="first") for _ in range(3)]
            for _ in range(3):
                await asyncio.sleep(0)
            assert of(capture, OverlapRecord) == []
            await call("bert")
            stop.set()
            await asyncio.gather(*staying)

        asyncio.run(main())
        (told,) = of(capture, OverlapRecord)
        known = capture._probe.instances.find(one)
        assert known is not None
        assert known.use.visits == {}  # type: ignore[union-attr]
    assert isinstance(told, OverlapRecord)
    assert told.entered <= told.time <= told.until
    assert len(set(told.users)) == 2
