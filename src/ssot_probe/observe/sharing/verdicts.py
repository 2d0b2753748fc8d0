"""Says what an object that users share amounts to, from what was found below it."""

from __future__ import annotations

from ssot_probe.observe.sharing.evidence import Evidence


def verdict_on_data(evidence: Evidence, has_changed: bool | None) -> str:
    """Judge an object that was looked into.

    Args:
        evidence: what was found in it and below it.
        has_changed: since the last look; None where this is the first.
    """
    if len(evidence.loose) > 1:
        return "mixed"
    if evidence.loose:
        return "contaminated"
    if evidence.named:
        return "partitioned"
    if has_changed is None:
        return "seen-once"
    return "mutated" if has_changed else "unchanged"


def verdict_on_resource(evidence: Evidence, is_private: bool, has_changed: bool | None) -> str:
    """Judge an object of a library, which is not looked into except for what a client sends along.

    Args:
        evidence: what was found in what it sends along.
        is_private: is it of a type that nobody may share?
        has_changed: what it sends along, since the last look.
    """
    if is_private:
        return "never-share"
    if evidence.loose:
        return "mixed" if len(evidence.loose) > 1 else "contaminated"
    return "mutated" if has_changed else "resource"
