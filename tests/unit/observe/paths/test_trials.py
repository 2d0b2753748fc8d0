"""The probe tries its own observers, and never while they are taken off."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from ssot_probe.observe import tripwire
from ssot_probe.observe.monitoring import Monitoring
from ssot_probe.observe.paths import control
from ssot_probe.observe.paths.ears import Ears
from ssot_probe.observe.paths.watched import WatchedPaths

needs_events = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="the interpreter tells of single code objects since 3.12"
)


def test_nothing_is_tried_any_more_after_the_last_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    taken_off: dict[str, str] = {}
    monkeypatch.setattr(control, "missed", lambda *arguments: taken_off)
    paths = WatchedPaths(
        *(["shop.old"], Monitoring(), [].append, lambda name, file: True),
        *(lambda: False, lambda cls: False, lambda subject, error: None),
    )
    paths.enable()
    paths.try_control(None, False)
    paths.try_control(None, False, is_last=True)
    taken_off["imports"] = "the finder is gone"
    paths.try_control(None, False)
    assert paths.has_tried
    assert paths.missed == {}
    paths.after_fork_in_child()
    paths.try_control(None, False)
    assert paths.missed == taken_off


@pytest.fixture
def busy_threads() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("busy_threads")
def test_another_thread_that_imports_the_same_module_does_not_count() -> None:
    is_over = Event()

    def imports() -> None:
        while not is_over.is_set():
            exec("from ssot_probe.observe.tripwire import hits", {"__name__": "another"})

    thread = Thread(target=imports)
    thread.start()
    try:
        assert all(tripwire.works() for _ in range(2000))
    finally:
        is_over.set()
        thread.join()


@needs_events
@pytest.mark.usefixtures("busy_threads")
def test_what_another_thread_begins_to_listen_to_is_not_turned_off() -> None:
    monitoring = Monitoring()
    ears = Ears(monitoring, print, lambda *module: True, lambda: False, lambda *failure: None)
    codes = [compile(f"lambda: {number}", "old.py", "eval").co_consts[0] for number in range(5000)]

    def listens() -> None:
        for code in codes:
            ears.listen(code)
            monitoring.listen_again(code)

    thread = Thread(target=listens)
    thread.start()
    try:
        while thread.is_alive():
            assert ears.unheard() == []
    finally:
        thread.join()
        monitoring.stop()


@needs_events
@pytest.mark.usefixtures("busy_threads")
def test_no_event_is_lost_that_two_threads_ask_for_at_once() -> None:
    monitoring = Monitoring()
    codes = [compile(f"lambda: {number}", "old.py", "eval").co_consts[0] for number in range(5000)]

    def asks(event: str) -> None:
        for code in codes:
            monitoring.listen(code, event)

    threads = [Thread(target=asks, args=(event,)) for event in ("PY_START", "LINE")]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        events = sys.monitoring.events  # type: ignore[attr-defined]
        assert {monitoring.asked_for(code) for code in codes} == {events.PY_START | events.LINE}
    finally:
        monitoring.stop()
