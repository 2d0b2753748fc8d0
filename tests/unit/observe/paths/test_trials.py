"""The probe tries its own observers, and never while they are taken off."""

from __future__ import annotations

import pytest

from ssot_probe.observe.monitoring import Monitoring
from ssot_probe.observe.paths import control
from ssot_probe.observe.paths.watched import WatchedPaths


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
