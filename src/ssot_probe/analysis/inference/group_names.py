"""Gives every group a name of its own, and says whether its members are alternatives."""

from __future__ import annotations

from collections.abc import Iterable

from ssot_probe.analysis.inference.facts import Facts
from ssot_probe.analysis.inference.groups import Draft, Group
from ssot_probe.analysis.inference.role_names import GENERIC, plain_name, shared_ending
from ssot_probe.model.concepts import lower_words
from ssot_probe.model.names import split


def named(drafts: Iterable[Draft], facts: Facts) -> tuple[Group, ...]:
    """Return the drafts as groups, each under another name."""
    ordered = sorted(drafts, key=lambda draft: (draft.words, sorted(draft.members)))
    names = [_name(draft) for draft in ordered]
    names = [
        _qualified(name, draft) if names.count(name) > 1 else name for name, draft in zip(names, ordered)
    ]
    return tuple(
        Group(
            f"{name}-{names[:index].count(name) + 1}" if name in names[:index] else name,
            tuple(sorted(draft.members)),
            draft.base,
            _are_alternatives(draft, facts),
            draft.joined,
            draft.aside,
        )
        for index, (name, draft) in enumerate(zip(names, ordered))
    )


def _name(draft: Draft) -> str:
    """Name a concept after the longest ending of words that its members share."""
    strangers = {name for name, _ in draft.joined}
    own = sorted(draft.members - strangers)
    words = shared_ending(own)
    if len(own) > 1 or len(words) > 2:
        said = tuple(word for word in words if word not in GENERIC)
        words = said if len(said) >= len(draft.words) else draft.words
    # Everybody writes it as one word, whatever the capitals in class names say.
    return "-".join(words).lower().replace("web-socket", "websocket")


def _qualified(name: str, draft: Draft) -> str:
    """Put the package in front of a name that several concepts have: `storage` of messages, and of files."""
    said = {*name.split("-"), *(word.lower() for word in GENERIC)}
    modules = [split(member)[0].split(".") for member in ([draft.base] if draft.base else draft.members)]
    common = [level[0] for level in zip(*modules) if len(set(level)) == 1]
    for part in reversed(common):
        if not {word for each in lower_words(part) for word in (each, each.rstrip("s"))} & said:
            return f"{part.strip('_').replace('_', '-')}-{name}"
    return name


def _are_alternatives(draft: Draft, facts: Facts) -> bool:
    """Do the members stand side by side by design, as far as their names and bases can tell?"""
    tops = [
        name
        for name in draft.members
        if not any(base in draft.members for base in facts.classes[name].cls.bases)
    ]
    are_versions = len({plain_name(name) for name in tops}) < len(tops)
    return len(tops) > 1 and (bool(draft.base) or not are_versions)
