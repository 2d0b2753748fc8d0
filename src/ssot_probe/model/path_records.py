"""What the probe may say about paths that are watched because somebody wants to delete them.

A watched path is a legacy entry of the policy, a module or a name in one, or an entry point of `[dead]`.
"""

from __future__ import annotations

from typing import NamedTuple

from ssot_probe.model.site import Site

RESOLVED, LOADED, CONSTRUCTED, CALLED, INHERITED = "resolved", "loaded", "constructed", "called", "inherited"

RUNGS = (RESOLVED, LOADED, CONSTRUCTED, CALLED)
"""How far a use of a path got. Each one is counted on its own."""

APPLICATION, TEST, TOOLING, SWEEP, HEALTH_CHECK, PROBE = (
    "application",
    "test",
    "tooling",
    "sweep",
    "health-check",
    "probe",
)
ORIGINS = (APPLICATION, TEST, TOOLING, SWEEP, HEALTH_CHECK, PROBE)
"""What a use was made for. Only the application needs what it uses."""


BEGAN_ONLY = "it began, and did not get past its first line"
"""Told of an entry point among what is not heard: what it would have used was not used. Since Python 3.12."""


class PathUseRecord(NamedTuple):
    """Something of a watched path was looked for, constructed, called or inherited from at one place.

    Imports are told by ImportRecord; here RESOLVED means that a finder was asked and nothing was run: by
    `find_spec`, or by a lazy module that nobody has touched.
    """

    path: str  # as the policy writes it
    rung: str  # RESOLVED | CONSTRUCTED | CALLED | INHERITED: a class elsewhere has it as its base
    subject: str  # qualified name of the module, function or class that it was
    through: str  # of a use by a subclass: the qualified name of that; else ""
    origin: str  # one of ORIGINS
    by_user: bool  # a user was known for whom it happened
    thread: str
    count: int  # type: ignore[assignment]
    is_at_least: bool  # it was listened to for a while only: it may have happened more often
    first: int
    last: int
    digest: str  # of the source of what was used; "" where that is unknown
    defined: Site  # what was used: its file, first line, qualified name in the module, module
    site: Site  # who did it


class WatchedPathRecord(NamedTuple):
    """How one path is watched in a process, and what was seen of it until now; told though it be nothing.

    The newest one of a process counts.
    """

    path: str  # as the policy writes it
    kind: str  # one of KINDS
    file: str  # that its module lies in, loaded or not; "" where none was found
    target: str  # of an alias: the qualified name of what it is bound to
    digest: str  # of the source of its definition, of its module's file where it is a module or alias
    codes: int  # pieces of code that are listened to; 0 as long as its module is not loaded
    unheard: str  # names of its code that cannot be listened to here, each with why, joined by "; "
    resolved: int
    loaded: int
    constructed: int
    called: int
    time: int


KINDS = ("module", "class", "function", "alias", "value", "absent", "unknown")
"""What a watched path is.

An alias is bound to something that another module defines; a value is anything else that has no code of its
own; absent: its module is not there, or does not bind it; unknown: its module is there and was never loaded.
"""


class DefinitionRecord(NamedTuple):
    """Source of a watched path defines a function or class here, or is a module (with line 0).

    Where the module only binds the path's name, this tells where; its digest is that of the file.
    """

    path: str  # the watched path that it belongs to
    kind: str  # "module" | "class" | "function" | "alias" | "value"
    digest: str
    definition: Site  # its file, first line, qualified name in the module, module
    time: int


class SourceRecord(NamedTuple):
    """The content of a first-party file, as it was when it was loaded or scanned."""

    file: str
    digest: str
    time: int


class ForkRecord(NamedTuple):
    """The process forked another one, which is recorded under this identity if it records anything."""

    child: str
    is_expected: bool  # it has told the parent that it does
    time: int
