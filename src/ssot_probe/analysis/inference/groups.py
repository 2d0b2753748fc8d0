"""Groups of classes that seem to play one concept, while they are found and when they are done."""

from __future__ import annotations

from typing import NamedTuple


class Aside(NamedTuple):
    """A class and why it is, or is not, a member in spite of its name."""

    name: str
    reason: str


class Draft(NamedTuple):
    """A group that still changes."""

    words: tuple[str, ...]  # by which its members were found
    members: frozenset[str]
    base: str = ""
    joined: tuple[Aside, ...] = ()
    aside: tuple[Aside, ...] = ()


class Group(NamedTuple):
    """Classes that seem to play one concept."""

    name: str
    members: tuple[str, ...]  # qualified names of concrete classes
    base: str = ""  # a base class of the tree that all of them share
    is_alternatives: bool = False  # they are named after different things, or implement one base class
    joined: tuple[Aside, ...] = ()  # members of another name, each with the reason why they are here
    aside: tuple[Aside, ...] = ()  # no members, each with the reason
