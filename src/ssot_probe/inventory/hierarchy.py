"""Works out the bases and traits of the classes of the tree, as the interpreter would."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence

from ssot_probe.inventory.facts import ClassFact
from ssot_probe.inventory.resolution import CLASS, EXTERNAL, Module, Names

_TYPING = ("typing", "typing_extensions")
_TEST_WORDS = ("Mock", "Fake", "Stub", "Dummy")
_RUN_TIME_BASE = {"NamedTuple": "builtins:tuple", "TypedDict": "builtins:dict"}
_ERROR_WORDS = ("Error", "Exception", "Warning")
_ENUM_WORDS = ("Enum", "Flag", "Choices")


class Hierarchy:
    """Answers what the classes of the tree inherit from.

    Args:
        names: of the tree.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._lines: dict[str, tuple[str, ...]] = {}
        self._facts: dict[str, tuple[Module, ClassFact]] = {
            f"{module.name}:{fact.qualname}": (module, fact)
            for module in names.modules.values()
            for fact in module.classes.values()
        }

    def bases(self, name: str) -> tuple[str, ...]:
        """Return the qualified names of all bases of a class of the tree, nearest first, without `object`."""
        found: dict[str, None] = {}
        for base in self._line(name)[1:]:
            module, _, qualname = base.partition(":")
            run_time = _RUN_TIME_BASE.get(qualname, "") if module in _TYPING else ""
            if (run_time or base) != "builtins:object":
                found[run_time or base] = None
        return tuple(found)

    def traits(self, name: str) -> tuple[str, ...]:
        """Return what sets a class of the tree apart from an ordinary implementation of something."""
        module, fact = self._facts[name]
        line = self._line(name)
        found = []
        if self._is_abstract(line):
            found.append("abstract")
        if any(_is_typing(base, "Protocol") for base in self._direct(module, fact)):
            found.append("protocol")
        if any(base not in self._facts and _is_exception(base) for base in line):
            found.append("exception")
        if self._is_enum(line):
            found.append("enum")
        if any(base == "builtins:tuple" or _is_typing(base, *_RUN_TIME_BASE) for base in line[1:]):
            found.append("typed-dict")
        if _is_test_double(name, line):
            found.append("test-double")
        return tuple(found)

    def methods(self, name: str) -> tuple[str, ...]:
        """Return the public methods of a class's own."""
        return self._facts[name][1].methods

    def _direct(self, module: Module, fact: ClassFact) -> list[str]:
        """Return the names of the bases that a class statement lists, each as what it means in the end."""
        found = []
        for symbol in fact.bases:
            things = self._names.of(symbol, module)
            named = [thing for thing in things if thing.kind in (CLASS, EXTERNAL) and thing.qualname]
            if named and named[0].name != f"{module.name}:{fact.qualname}":
                found.append(named[0].name)
        return list(dict.fromkeys(found))

    def _line(self, name: str) -> tuple[str, ...]:
        """Return the class and all its bases in the order in which attributes are looked up.

        Goes bottom-up without recursion; a class that inherits from itself, by an alias that cannot be told
        apart, is left out where it comes again.
        """
        waiting: list[tuple[str, bool]] = [(name, False)]
        open_: set[str] = set()
        while waiting:
            here, is_ready = waiting.pop()
            if here in self._lines:
                continue
            if here not in self._facts:
                self._lines[here] = _outside(here)
                continue
            module, fact = self._facts[here]
            direct = [base for base in self._direct(module, fact) if base not in open_ or base in self._lines]
            if is_ready:
                direct = [base for base in direct if base in self._lines]
                self._lines[here] = (here, *_merged([*(self._lines[base] for base in direct), direct]))
                open_.discard(here)
            else:
                open_.add(here)
                waiting.append((here, True))
                waiting += [(base, False) for base in direct]
        return self._lines[name]

    def _is_abstract(self, line: Sequence[str]) -> bool:
        """Does the class, or a base that it does not fill in, leave methods to subclasses?"""
        if not any(self._makes_abstract(base) for base in line):
            return False
        given: set[str] = set()
        for base in line:
            if base in self._facts:
                fact = self._facts[base][1]
                if set(fact.abstract) - given:
                    return True
                given.update(fact.names)
        return False

    def _makes_abstract(self, base: str) -> bool:
        """May the class be the reason for a metaclass that keeps abstract classes from being made?"""
        if base not in self._facts:
            return not base.startswith("builtins:") and not _is_typing(base, "Generic", *_RUN_TIME_BASE)
        return self._facts[base][1].metaclass is not None

    def _is_enum(self, line: Sequence[str]) -> bool:
        for base in line:
            if base.startswith("enum:"):
                return True
            if base not in self._facts and not base.startswith("builtins:") and base.endswith(_ENUM_WORDS):
                return True
        return any(
            thing.module == "enum"
            for base in line
            if base in self._facts
            for module, fact in [self._facts[base]]
            if fact.metaclass is not None
            for thing in self._names.of(fact.metaclass, module)
        )


def _outside(name: str) -> tuple[str, ...]:
    """Return a class that is not of the tree, with its bases where the interpreter has it built in."""
    module, _, qualname = name.partition(":")
    found = getattr(builtins, qualname, None) if module == "builtins" else None
    if isinstance(found, type):
        return tuple(f"builtins:{base.__name__}" for base in found.__mro__)
    return (name,)


def _merged(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the bases in Python's order (C3); where they contradict each other, as they are listed."""
    left = [list(line) for line in lines if line]
    while left:
        heads = (line[0] for line in left)
        head = next((one for one in heads if not any(one in line[1:] for line in left)), left[0][0])
        yield head
        left = [rest for line in left if (rest := [one for one in line if one != head])]


def _is_typing(name: str, *words: str) -> bool:
    module, _, qualname = name.partition(":")
    return module in _TYPING and qualname in words


def _is_exception(base: str) -> bool:
    """Is the base an exception, or by its name one of a package that is not in the tree?"""
    module, _, qualname = base.partition(":")
    if module == "builtins":
        return base == "builtins:BaseException"
    return qualname.endswith(_ERROR_WORDS)


def _is_test_double(name: str, line: Sequence[str]) -> bool:
    module, _, qualname = name.partition(":")
    if qualname.rpartition(".")[2].lstrip("_").startswith(_TEST_WORDS):
        return True
    if any(base.startswith("unittest.mock:") for base in line):
        return True
    return any(part in ("tests", "conftest") or part.startswith("test_") for part in module.split("."))
