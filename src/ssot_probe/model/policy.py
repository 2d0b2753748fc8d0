"""What a team says should be: first-party packages, users, concepts with their one source of truth."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple, Optional

from ssot_probe.model.names import split


class UserSource(NamedTuple):
    """One way to learn who the current user is."""

    kind: str  # "contextvar" | "call" | "argument" | "instance" | "baggage"
    target: str  # "module:name", "parameter.attribute...", "attribute...", or a baggage key


class Events(NamedTuple):
    """How instances of a concept emit events."""

    methods: tuple[str, ...] = ()
    type: str = "event_type"
    user: str = "user_id"
    run: str = "run_id"
    payload: str = "data"
    order: str = ""


class Concept(NamedTuple):
    """A thing that has one source of truth."""

    name: str
    classes: tuple[str, ...]  # globs on the class name, or on "module:QualName" where a ":" is given
    canonical: str = ""  # "module:QualName" of the one class and path, "" when undeclared
    factories: tuple[str, ...] = ()  # the allowed makers
    legacy: tuple[str, ...] = ()  # modules, or names in modules
    isolation: str = "user"  # one of ISOLATIONS
    max_classes: int = 1
    max_paths: int = 1
    shared_ok: tuple[str, ...] = ()
    events: Optional[Events] = None
    declared: bool = True  # False: inferred from names, nobody has said what it may share


class Boundary(NamedTuple):
    """Labels of users that may not meet in one object."""

    label: str
    apart: tuple[tuple[str, str], ...] = ()


class Dead(NamedTuple):
    """Whose silence counts as evidence that a path is dead."""

    environments: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    min_days: int = 7
    entry_points: tuple[str, ...] = ()
    cycles: tuple[str, ...] = ()  # of CYCLES: what happens as seldom as that must have had its chance


class Waiver(NamedTuple):
    """A finding that the team knows of and accepts for a reason."""

    code: str
    subject: str  # glob on the finding's subject
    reason: str
    expires: Optional[date] = None


class Pool(NamedTuple):
    """Where a pool hands out what users take in turns, such as connections, and where it takes that back."""

    name: str
    acquire: str  # "module:QualName" of what returns it, or a context manager that enters with it
    release: str = ""  # "module:QualName" of what takes it back; "" where leaving a context manager does


class Policy(NamedTuple):
    """Everything a policy file can say. The empty policy means: infer packages and concepts."""

    packages: tuple[str, ...] = ()
    user: tuple[UserSource, ...] = ()
    concepts: tuple[Concept, ...] = ()
    boundary: Optional[Boundary] = None
    dead: Dead = Dead()
    waivers: tuple[Waiver, ...] = ()
    source: str = ""  # the file it was read from, "" when inferred
    pools: tuple[Pool, ...] = ()  # beside those of libraries that the probe knows


def named_modules(policy: Policy) -> tuple[str, ...]:
    """Return the modules that a policy's concepts name by their path, in order."""
    names = {
        split(entry)[0]
        for concept in policy.concepts
        for entry in (concept.canonical, *concept.factories, *concept.legacy, *concept.classes)
        if ":" in entry or entry in concept.legacy
    }
    names.update(split(entry)[0] for entry in policy.dead.entry_points)
    return tuple(sorted(name for name in names if name and not set(name) & set("*?[")))


def watched_paths(policy: Policy) -> tuple[str, ...]:
    """Return the paths whose use is told rung by rung: what is legacy, and what must have run for silence."""
    legacy = (entry for concept in policy.concepts for entry in concept.legacy)
    return tuple(sorted({*legacy, *policy.dead.entry_points}))


ISOLATIONS = ("process", "user", "user+thread", "request")
USER_SOURCES = ("contextvar", "call", "argument", "instance", "baggage")
CYCLES = ("day", "week", "month", "quarter", "year")
