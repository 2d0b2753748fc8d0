"""Which class of a concept the program uses most, and along which path: the one to call canonical."""

from __future__ import annotations

from typing import NamedTuple

from ssot_probe.analysis.inference.facts import ClassFacts, Facts
from ssot_probe.analysis.inference.groups import Group
from ssot_probe.analysis.inference.legacy_words import legacy_word
from ssot_probe.model.names import is_within, split


class Standing(NamedTuple):
    """How much a class is used, tests left out."""

    name: str  # of the class
    files: int  # that import it, or a function that returns it
    places: int  # that construct it


class Canonical(NamedTuple):
    """The class to keep, as far as figures can tell."""

    path: str  # "module:name"; "" where none stands out
    standings: tuple[Standing, ...]  # of the classes that count, the most used first
    is_close: bool = False  # another class is used about as much

    @property
    def cls(self) -> str:
        """The qualified name of the class, "" where none stands out."""
        return self.standings[0].name if self.path else ""


def choose_canonical(facts: Facts, group: Group) -> Canonical:
    """Rank the classes of a group; subclasses of a member are no rivals of it.

    Alternatives stand side by side by design: none of them is called canonical.
    """
    members = {*group.members}
    tops = [
        facts.classes[name]
        for name in group.members
        if not any(base in members and base != name for base in facts.classes[name].cls.bases)
    ]
    ranked = sorted(tops, key=lambda known: _rank(facts, known))
    standings = tuple(_standing(facts, known) for known in ranked)
    if group.is_alternatives:
        return Canonical("", standings)
    first = standings[0]
    if len(ranked) > 1 and not first.files + first.places:
        return Canonical("", standings)
    is_close = any(other.files >= first.files or other.places > first.places for other in standings[1:])
    return Canonical(_path(ranked[0]), standings, is_close)


def _rank(facts: Facts, known: ClassFacts) -> tuple[int, int, bool, int, str]:
    standing = _standing(facts, known)
    return (-standing.files, -standing.places, bool(legacy_word(known.name)), len(known.name), known.name)


def _standing(facts: Facts, known: ClassFacts) -> Standing:
    files = {*known.importers, *facts.whole.get(known.module, ())}
    for maker in known.makers:
        files.update(facts.callers.get(maker.name, ()))
    places = {(site.file, site.line) for site in known.constructions}
    return Standing(known.name, len(files - {known.cls.file}), len(places))


def _path(known: ClassFacts) -> str:
    """Return the path that most files use; where several are equal, the shortest of its own packages.

    Paths with a legacy word come last.
    """
    paths = {known.name: frozenset[str](), **known.paths}
    return min(
        paths,
        key=lambda path: (
            bool(legacy_word(split(path)[0])),
            -len(paths[path]),
            not is_within(known.module, split(path)[0]),
            len(path),
            path,
        ),
    )
