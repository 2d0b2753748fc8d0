"""The kit for users' tests: a look is made where the test asks for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.application import observed

from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import LookRecord

APPLICATION = """
    class CartManager:
        def __init__(self, user_id, items):
            self.user_id = user_id
            self.items = items
"""
POLICY = Policy(concepts=(Concept("cart", ("CartManager",)),))


def test_a_look_finds_what_instances_share_at_that_moment(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        items = ["tea of alice-1", "milk of robert-2"]
        one, other = app.CartManager("alice-1", items), app.CartManager("robert-2", items)
        capture.look()
        (finding,) = capture.findings("SSOT303")
        assert finding.subject == f"{app.__name__}:CartManager.items"
        with pytest.raises(AssertionError, match="SSOT303"):
            capture.assert_clean("SSOT303")
        assert one.items is other.items


def test_a_look_at_instances_with_nothing_in_common_finds_nothing(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, capture):
        kept = [app.CartManager(user, [f"tea of {user}"]) for user in ("alice-1", "robert-2")]
        capture.look()
        capture.assert_clean("SSOT303")
        assert {record.trigger for record in capture.records if isinstance(record, LookRecord)} >= {"call"}
        assert len(kept) == 2


def test_a_look_is_refused_once_the_probe_has_stopped(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (_, capture):
        pass
    with pytest.raises(TimeoutError):
        capture.look()
