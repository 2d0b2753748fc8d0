"""Words in names by which people mark what is on its way out."""

from __future__ import annotations

from ssot_probe.model.concepts import lower_words

STRONG = frozenset({"compat", "deprecated", "legacy", "obsolete", "old"})
WEAK = frozenset({"adapter", "adapters", "v1"})
"""Words that stand for many other things as well: they count only where something else agrees."""


def legacy_word(name: str) -> str:
    """Return the strong legacy word in a module's or a thing's name, "" when there is none."""
    return _first(name, STRONG)


def weak_legacy_word(name: str) -> str:
    """Return the weak legacy word in a module's or a thing's name, "" when there is none."""
    return _first(name, WEAK)


def _first(name: str, words: frozenset[str]) -> str:
    found = lower_words(name.replace(":", "_").replace(".", "_")) & words
    return min(found, default="")
