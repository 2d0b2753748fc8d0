"""Which classes play which concept: by the policy's globs, or by role words where there is no policy."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from fnmatch import fnmatchcase

from ssot_probe.model.names import split
from ssot_probe.model.policy import Concept, Policy

ROLES = frozenset(
    {
        *("Bridge", "Cache", "Client", "Database", "Factory", "Manager", "Pool", "Registry", "Repository"),
        *("Service", "Session", "Storage", "Store"),
    }
)
"""Last words of class names that, without a policy, mark a class as playing a concept."""

FACTORY_WORDS = ("Factory", "Builder", "Provider")

_APPENDED = frozenset({"", "Impl", "Implementation", "V"})

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+")


def words(class_name: str) -> tuple[str, ...]:
    """Split a class name into its words: `_HTTPSessionStore` is HTTP, Session, Store."""
    return tuple(_WORD.findall(class_name))


def lower_words(name: str) -> set[str]:
    """Return the lower-case words of a class name, a module name or a pattern."""
    return {word.lower() for part in name.replace("*", " ").split("_") for word in words(part)}


def role_words(class_name: str) -> tuple[str, ...]:
    """Return the words of a class name up to its role: `SessionStoreV2Impl` is Session, Store."""
    parts = words(class_name)
    while parts:
        *before, last = parts
        last = last.rstrip("0123456789")
        if last not in _APPENDED:
            return (*before, last)
        parts = tuple(before)
    return parts


def plays_role(class_name: str) -> bool:
    """Does the last word of the name say that the class plays a role?"""
    if class_name.islower():  # roles begin with a capital
        return False
    parts = role_words(class_name)
    return bool(parts) and parts[-1] in ROLES


def matches(pattern: str, name: str) -> bool:
    """Does a policy's class pattern mean the class with this qualified name?

    A pattern with a `:` is matched against `module:QualName`, one without against the class's own name.
    """
    if ":" in pattern:
        return fnmatchcase(name, pattern)
    return fnmatchcase(split(name)[1].rpartition(".")[2], pattern)


def plays(concept: Concept, name: str) -> bool:
    """Does the class with this qualified name play the concept?

    A class that makes instances of the concept is not an instance of it, though its name contains the
    concept's: `WebSocketManagerFactory` plays `*WebSocketManager*` only where the pattern says Factory.
    """
    if name == concept.canonical:
        return True
    own_name = split(name)[1].rpartition(".")[2]
    for pattern in concept.classes:
        if matches(pattern, name) and not _is_makers_name(own_name, pattern):
            return True
    return False


def concept_of(policy: Policy, name: str) -> Concept | None:
    """Return the first concept of the policy that the class plays, None when it plays none."""
    for concept in policy.concepts:
        if plays(concept, name):
            return concept
    return None


def infer_concepts(class_names: Iterable[str]) -> tuple[Concept, ...]:
    """Group classes that play a role into concepts by the trailing words that their names share.

    Two trailing words must agree (`Socket Manager`), or the whole of a one-word name: the role alone says
    too little. `class_names` are qualified names; the concept is named after the longest shared ending.
    """
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in sorted(set(class_names)):
        parts = role_words(split(name)[1].rpartition(".")[2])
        if parts and parts[-1] in ROLES:
            groups[parts[-2:]].append(name)
    return tuple(
        Concept(name=_shared_ending(members), classes=tuple(members), declared=False)
        for _, members in sorted(groups.items())
    )


def _is_makers_name(own_name: str, pattern: str) -> bool:
    return any(own_name.endswith(word) and not pattern.endswith(word) for word in FACTORY_WORDS)


def _shared_ending(names: Iterable[str]) -> str:
    endings = [role_words(split(name)[1].rpartition(".")[2])[::-1] for name in names]
    shared = [level[0] for level in zip(*endings) if len(set(level)) == 1]
    return "-".join(word.lower() for word in reversed(shared))
