"""Threads of the probe's own keep out of the way of libraries that replace threads."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from ssot_probe.observe import threads


def test_a_library_that_replaces_threads_is_given_a_moment_to_do_so(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(threads, "monotonic", lambda: now[0])
    monkeypatch.setattr(threads, "_met", [])
    for name in threads.REPLACERS:
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert not threads.are_about_to_be_replaced()

    monkeypatch.setitem(sys.modules, "gevent", ModuleType("gevent"))
    now[0] = 200.0
    assert threads.are_about_to_be_replaced()
    now[0] += threads.REPLACING_SECONDS
    assert not threads.are_about_to_be_replaced()


def test_nothing_is_waited_for_once_threads_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_met", [])
    monkeypatch.setitem(sys.modules, "gevent", ModuleType("gevent"))
    replaced = ModuleType("_thread")
    replaced.get_ident = lambda: 1  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "_thread", replaced)
    assert not threads.are_about_to_be_replaced()
