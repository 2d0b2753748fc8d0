"""What the words of a class name say about the part that the class plays."""

from __future__ import annotations

import re

from ssot_probe.model.concepts import ROLES, role_words, words
from ssot_probe.model.names import last_part

PLAYED = ROLES - {"Factory"}
"""Roles of concepts; a factory makes one, and is named with what it makes."""

ONE_OF_MANY = frozenset({"Manager", "Repository", "Service"})
"""Roles of which a program has one for each thing that it is about: a common base class says nothing."""

BASE_WORDS = frozenset({"ABC", "Abstract", "Base", "Generic", "Interface", "Protocol"})
"""Words of classes that are there to be inherited."""

GENERIC = BASE_WORDS | frozenset(
    {"Async", "Common", "Custom", "Default", "I", "Legacy", "Main", "My", "New", "Null", "Old", "Simple"}
)
"""Words that say nothing about what a class is for."""

VERSION_WORDS = GENERIC | frozenset(
    {
        *("Advanced", "Better", "Canonical", "Central", "Centralized", "Compat", "Consolidated", "Core"),
        *("Deprecated", "Enhanced", "Extended", "Fast", "Full", "Global", "Improved", "Isolated", "Modern"),
        *("Next", "Optimized", "Original", "Primary", "Real", "Refactored", "Robust", "Safe", "Shared"),
        *("Simplified", "Singleton", "Smart", "Standard", "Thread", "Unified", "Universal"),
    }
)
"""Words by which people tell a second version of a thing from the first."""


def plain_name(name: str) -> tuple[str, ...]:
    """Return the words of a class name without those that tell versions apart: UnifiedCacheV2 is a Cache."""
    parts = [part for part in role_words(last_part(name)) if not re.fullmatch(r"V\d+", part)]
    return tuple(part for part in parts if part not in VERSION_WORDS) or tuple(parts)


def role_key(name: str) -> tuple[str, ...]:
    """Return the words by which a class is grouped with others: two, or the role where two say no more.

    Empty when the class plays no role.
    """
    parts = role_words(last_part(name))
    if not parts or parts[-1] not in PLAYED:
        return ()
    return parts[-1:] if len(parts) < 2 or parts[-2] in GENERIC else parts[-2:]


def is_named_base(name: str) -> bool:
    """Does the name say that the class is there to be inherited?"""
    return bool(BASE_WORDS & {*words(last_part(name))}) or name.endswith("Mixin")


def shared_ending(names: list[str]) -> tuple[str, ...]:
    """Return the longest ending of words that all class names share."""
    endings = [role_words(last_part(name))[::-1] for name in names]
    shared = [level[0] for level in zip(*endings) if len(set(level)) == 1]
    return tuple(reversed(shared))
