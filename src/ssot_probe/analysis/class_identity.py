"""Which records of classes, over serials and processes, mean one and the same class object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ssot_probe.model.names import split
from ssot_probe.model.records import ClassRecord

Place = tuple[str, int]  # file, line


class ClassObject(NamedTuple):
    """One class object, the same in every process that loaded it from the same place."""

    name: str  # qualified name
    file: str
    line: int
    ordinal: int  # 1; 2 and more for further objects of the same place within one process
    bases: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()

    @property
    def own_name(self) -> str:
        """The name that its `class` statement gives it."""
        return split(self.name)[1].rpartition(".")[2]

    @property
    def label(self) -> str:
        """The name, told apart from other objects of the same name and place."""
        return self.name if self.ordinal == 1 else f"{self.name} (class object no. {self.ordinal})"


class Mention(NamedTuple):
    """How the records of one process mean a class object. Serial 0: the record knows the name only."""

    process: str
    name: str
    serial: int


def identify(
    records: Iterable[tuple[str, ClassRecord]], mentions: Iterable[Mention]
) -> Mapping[Mention, ClassObject]:
    """Return the class object behind each mention.

    Processes agree on a class by its name and place. Where two processes know one name on different lines
    of the same file and no process knows both, the file was edited between them: that is one class still.
    """
    pairs = sorted(records)
    places = _places(pairs, mentions)
    lines = _lines(places)
    serials: dict[tuple[str, str, str, int], list[int]] = defaultdict(list)
    for mention, (file, line) in sorted(places.items()):
        serials[mention.process, mention.name, file, lines.get((mention.name, file), line)].append(
            mention.serial
        )
    keys: dict[Mention, tuple[str, str, int, int]] = {}
    for (process, name, file, line), known in serials.items():
        for ordinal, serial in enumerate(known, 1):
            keys[Mention(process, name, serial)] = (name, file, line, ordinal)

    bases: dict[tuple[str, str, int, int], tuple[str, ...]] = {}
    traits: dict[tuple[str, str, int, int], set[str]] = defaultdict(set)
    for process, record in pairs:
        key = keys[Mention(process, record.name, record.serial)]
        bases[key] = max(bases.get(key, ()), record.bases, key=lambda found: (len(found), found))
        traits[key].update(record.traits)
    return {
        mention: ClassObject(*key, bases=bases.get(key, ()), traits=tuple(sorted(traits.get(key, ()))))
        for mention, key in keys.items()
    }


def _places(records: Iterable[tuple[str, ClassRecord]], mentions: Iterable[Mention]) -> dict[Mention, Place]:
    places: dict[Mention, Place] = {}
    homes: dict[str, Place] = {}  # for a class that a process mentions without describing it
    for process, record in records:
        mention, place = Mention(process, record.name, record.serial), (record.file, record.line)
        places[mention] = min(places.get(mention, place), place)
        homes[record.name] = min(homes.get(record.name, place), place)
    described = {(mention.process, mention.name) for mention in places}
    unknown = {mention for mention in mentions if mention not in places}
    numbered = {(mention.process, mention.name) for mention in unknown if mention.serial}
    for mention in unknown:
        if mention.serial or (mention.process, mention.name) not in described | numbered:
            places[mention] = homes.get(mention.name, ("", 0))
    return places


def _lines(places: Mapping[Mention, Place]) -> dict[tuple[str, str], int]:
    """Return the line of each class that no process knows on two lines of the same file."""
    found: dict[tuple[str, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for mention, (file, line) in places.items():
        found[mention.name, file][mention.process].add(line)
    return {
        key: min(min(lines) for lines in by_process.values())
        for key, by_process in found.items()
        if all(len(lines) == 1 for lines in by_process.values())
    }
