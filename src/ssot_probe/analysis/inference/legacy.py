"""Which paths of a concept seem to be on their way out, with the reasons to think so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from ssot_probe.analysis.inference.canonical import Canonical
from ssot_probe.analysis.inference.facts import Facts, is_test
from ssot_probe.analysis.inference.groups import Group
from ssot_probe.analysis.inference.legacy_words import legacy_word, weak_legacy_word
from ssot_probe.analysis.wording import listing
from ssot_probe.model.names import is_within, last_part, split


class LegacyPath(NamedTuple):
    """A module, or a name in one, that may be legacy."""

    entry: str  # as the policy names it
    reasons: tuple[str, ...]  # in words
    importers: int  # files that still import it
    is_certain: bool  # the code says so itself, or two different signs agree


def legacy_paths(facts: Facts, group: Group, canonical: Canonical) -> tuple[LegacyPath, ...]:
    """Return the legacy paths of a concept, the certain ones first."""
    found = [*_modules(facts, group, canonical), *_names(facts, group, canonical)]
    return tuple(sorted(found, key=lambda path: (not path.is_certain, path.entry)))


def _modules(facts: Facts, group: Group, canonical: Canonical) -> Iterator[LegacyPath]:
    kept = (canonical.path, canonical.cls) if canonical.path else group.members
    homes = {split(name)[0] for name in kept}
    passed_on = _passed_on(facts, group)
    defined = _defined(facts, group)
    standing = {rival.name for rival in canonical.standings}
    for module in sorted(passed_on.keys() | defined.keys()):
        if any(is_within(home, module) for home in homes) or is_test(module):
            continue
        word, weak = legacy_word(module), weak_legacy_word(module)
        is_deprecated = module in facts.deprecated
        passes_on = module not in defined and module in passed_on
        is_used = bool(passed_on.get(module, (False, ()))[0])
        rivals = sorted(defined.get(module, set()) & standing - {canonical.cls}) if canonical.path else []
        if not (is_deprecated or word or rivals) and not _is_facade(facts, module):
            continue  # it has work of its own, and only lends the name: see below
        reasons = []
        if is_deprecated:
            reasons.append("its import warns of its deprecation")
        if word:
            reasons.append(f"its name says {word}")
        if passes_on and (is_used or word):
            reasons.append(f"passes on {listing(sorted(passed_on[module][1]))}")
        if rivals and _is_all_there_is(facts, group, module):
            reasons.append(
                f"defines {listing([last_part(name) for name in rivals])} beside the canonical class"
            )
        if weak and reasons:
            reasons.append(f"its name says {weak}")
        if reasons:
            importers = len(facts.importers.get(module, frozenset()))
            is_certain = is_deprecated or bool(word and passes_on)
            yield LegacyPath(module, tuple(reasons), importers, is_certain)


def _names(facts: Facts, group: Group, canonical: Canonical) -> Iterator[LegacyPath]:
    """Yield what is legacy by its own name, and rivals and names in modules that have other work to do."""
    for name in group.members:
        known = facts.classes[name]
        is_marked = bool(legacy_word(known.module)) or known.module in facts.deprecated
        is_rival = canonical.path and name in {standing.name for standing in canonical.standings}
        word = legacy_word(known.cls.own_name)
        if name == canonical.cls or is_marked:
            pass
        elif word or (is_rival and not _is_all_there_is(facts, group, known.module)):
            reason = f"its name says {word}" if word else "stands beside the canonical class"
            yield LegacyPath(name, (reason,), len(known.importers), False)
        for path, files in known.paths.items():
            module = split(path)[0]
            is_home = module == known.module or path == canonical.path or is_within(known.module, module)
            if is_home or legacy_word(module) or module in facts.deprecated or _is_facade(facts, module):
                continue
            yield LegacyPath(path, (f"passes on what {known.module} defines",), len(files), False)
    makers = {maker.name for name in group.members for maker in facts.classes[name].makers}
    for maker in sorted(makers):
        module, qualname = split(maker)
        word = legacy_word(qualname)
        if word and "." not in qualname and not legacy_word(module) and module not in facts.deprecated:
            importers = len(facts.callers.get(maker, frozenset()))
            yield LegacyPath(maker, (f"its name says {word}",), importers, False)


def _passed_on(facts: Facts, group: Group) -> dict[str, tuple[bool, set[str]]]:
    """Return module -> whether somebody imports a member through it, and the members' names there."""
    found: dict[str, tuple[bool, set[str]]] = {}
    members = {*group.members}
    for cls, paths in facts.recording.paths_of.items():
        if cls.name not in members:
            continue
        for path in paths:
            if path.module == split(cls.name)[0]:
                continue
            is_used = str(path) in facts.classes[cls.name].paths
            before, names = found.get(path.module, (False, set()))
            is_marked = legacy_word(path.module) or path.module in facts.deprecated
            if is_used or (is_marked and _is_facade(facts, path.module)):
                found[path.module] = (before or is_used, names | {path.name})
    return found


def _is_facade(facts: Facts, module: str) -> bool:
    """Does the module define nothing of its own?"""
    return not any(split(name)[0] == module for name in (*facts.classes, *facts.functions))


def _defined(facts: Facts, group: Group) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name in group.members:
        found[split(name)[0]].add(name)
    return found


def _is_all_there_is(facts: Facts, group: Group, module: str) -> bool:
    """Are the members of the concept all that does anything in the module, as far as its source is known?"""
    members = {*group.members, *(name for name, _ in group.aside)}
    inside = [known for name, known in facts.classes.items() if known.module == module]
    if not any(known.methods for known in inside):
        return False
    return all(known.name in members or not known.methods for known in inside)
