"""What is asked of `sys.modules` while other threads, and garbage collections, change it."""

from __future__ import annotations

import gc
import sys
from types import ModuleType
from typing import Any

from ssot_probe.observe.modules import present_modules


def test_modules_that_come_in_the_middle_of_a_garbage_collection_do_not_disturb_a_look_at_all() -> None:
    came: list[str] = []

    def come(phase: str, details: dict[str, Any]) -> None:
        came.append(f"came.in.the.middle.{len(came)}")
        sys.modules[came[-1]] = ModuleType(came[-1])

    drained = [
        (number, None) for number in range(5_000)
    ]  # pairs that Python keeps in reserve cost no collection
    before = gc.get_threshold()
    gc.callbacks.append(come)
    try:
        gc.set_threshold(1)
        looks = [dict(present_modules()) for _ in range(3)]
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(come)
        for name in came:
            del sys.modules[name]
    assert came
    assert drained
    assert all(look["sys"] is sys for look in looks)
