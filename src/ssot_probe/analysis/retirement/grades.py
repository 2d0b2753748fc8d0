"""How far a verdict can be trusted: one grade for each side of the evidence, and the worst of them counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ssot_probe.analysis.retirement.days import DAYS_FOR_DELETION
from ssot_probe.analysis.retirement.missing import Missing
from ssot_probe.analysis.retirement.residue import Importer
from ssot_probe.analysis.retirement.verdicts import CONTRADICTED, DEAD, LIVE, LIVE_NON_APP, UNPROVED
from ssot_probe.analysis.retirement.window import Window
from ssot_probe.analysis.wording import listing, number
from ssot_probe.model.policy import Dead

BEST, CYCLES_INCOMPLETE, NOT_DECLARED, PARTIAL, NOTHING = "A", "B", "C", "D", "E"


class Axis(NamedTuple):
    """One side of the evidence."""

    name: str
    grade: str  # "A" is the best
    reason: str


class Terms(NamedTuple):
    """What a grade is made of, beside the verdict."""

    dead: Dead
    window: Window
    missing: tuple[Missing, ...]
    importers: tuple[Importer, ...]
    unseen: tuple[str, ...]  # ways to use it that leave no trace
    traceless: str  # what code that stays may do with it unseen, in words
    untold: int  # entry points of which nothing tells whether they got past their first line
    as_a_whole: tuple[str, ...]  # "file:line" of imports of the module itself, by code that stays
    is_scanned: bool
    is_unscanned: bool  # the scan was made by a policy that does not name the path
    unreadable: int  # files that the scan could not read
    computing: int  # imports that compute what they import
    named: tuple[str, ...]  # "file:line" of strings and settings in code that stays that name it
    unlisted: int  # processes of the window that no list of processes names
    elsewhere: int  # processes in which the path was another version, or not there
    fleet: str = ""  # why a Prometheus that was asked shows that not every process is here, in words


def axes_of(verdict: str, terms: Terms) -> tuple[Axis, ...]:
    """Return every side of the evidence with its grade."""
    return (
        _verdict(verdict),
        _environment(terms),
        _roles(terms),
        _window(terms),
        _exercise(terms),
        _processes(terms),
        _source(terms),
        _code(terms),
    )


def worst(axes: Sequence[Axis]) -> str:
    """Return the minimum: in an average, much evidence of one kind would hide that another has none."""
    return max(axis.grade for axis in axes)


def _verdict(verdict: str) -> Axis:
    if verdict in (LIVE, LIVE_NON_APP):
        return Axis("verdict", NOTHING, "it is used: no evidence that it is dead")
    if verdict in UNPROVED or verdict == CONTRADICTED:
        return Axis("verdict", NOTHING, "nothing is proved")
    if verdict in DEAD:
        return Axis("verdict", BEST, "nothing is in doubt")
    return Axis("verdict", PARTIAL, "something is missing")


def _environment(terms: Terms) -> Axis:
    environments = terms.dead.environments
    if not environments:
        return Axis("environment", NOT_DECLARED, "the policy does not say whose evidence counts")
    count = "counts" if len(environments) == 1 else "count"
    return Axis("environment", BEST, f"the policy says that {listing(environments)} {count}")


def _roles(terms: Terms) -> Axis:
    roles = terms.dead.roles
    if terms.window.silent:
        return Axis("roles", PARTIAL, f"{listing(terms.window.silent)} never reported")
    if not roles:
        return Axis("roles", NOT_DECLARED, "the policy names no roles: nobody misses one that never reported")
    return Axis("roles", BEST, f"{listing(roles)} reported")


def _window(terms: Terms) -> Axis:
    days = len(terms.window.days)
    if any(missing.kind == "days" for missing in terms.missing):
        return Axis("window", PARTIAL, f"{number(days, 'day')} of evidence")
    if any(missing.kind == "cycle" for missing in terms.missing):
        return Axis(
            "window", CYCLES_INCOMPLETE, f"{number(days, 'day')}: too few for the cycles of the policy"
        )
    if not terms.dead.cycles:
        return Axis("window", CYCLES_INCOMPLETE, "the policy names no cycle that must have had its chance")
    if days < DAYS_FOR_DELETION:
        return Axis("window", CYCLES_INCOMPLETE, f"{number(days, 'day')}, fewer than {DAYS_FOR_DELETION}")
    return Axis("window", BEST, f"{number(days, 'day')}, every cycle of the policy had its chance")


def _exercise(terms: Terms) -> Axis:
    unran = sum(missing.kind == "entry-point" for missing in terms.missing)
    declared = len(terms.dead.entry_points)
    if unran:
        return Axis("exercise", PARTIAL, f"{unran} of {number(declared, 'entry point')} did not run")
    pending = sum(importer.is_pending for importer in terms.importers)
    if pending:
        return Axis("exercise", PARTIAL, f"{number(pending, 'import')} of it did not run")
    if not declared:
        return Axis("exercise", BEST, "the policy names no entry point that must have run")
    if terms.untold:
        reason = f"{number(terms.untold, 'entry point')} began; how far is not told before Python 3.12"
        return Axis("exercise", CYCLES_INCOMPLETE, reason)
    return Axis("exercise", BEST, f"every entry point of the policy ran ({declared})")


def _processes(terms: Terms) -> Axis:
    if terms.unlisted:
        reason = f"no list names {number(terms.unlisted, 'process')}: another one could be missing unnoticed"
        return Axis("processes", CYCLES_INCOMPLETE, reason)
    if terms.elsewhere:
        reason = f"in {number(terms.elsewhere, 'process')} it was another version, or not there"
        return Axis("processes", CYCLES_INCOMPLETE, reason)
    if terms.fleet:
        return Axis("processes", CYCLES_INCOMPLETE, terms.fleet)
    return Axis("processes", BEST, "every process that was listed is here")


def _source(terms: Terms) -> Axis:
    if not terms.is_scanned:
        return Axis("source", PARTIAL, "the source was not scanned: importers that did not run are unknown")
    if terms.is_unscanned:
        return Axis("source", PARTIAL, "the scan was made by a policy that does not name it")
    if terms.unreadable:
        return Axis("source", PARTIAL, f"the scan could not read {number(terms.unreadable, 'file')}")
    if terms.named:
        name = "names" if len(terms.named) == 1 else "name"
        return Axis("source", NOT_DECLARED, f"{listing(terms.named)} {name} it")
    if terms.computing:
        compute = "computes what it imports" if terms.computing == 1 else "compute what they import"
        reason = f"{number(terms.computing, 'import')} in the source {compute}"
        return Axis("source", CYCLES_INCOMPLETE, reason)
    return Axis("source", BEST, "no code that stays names it and did not run")


def _code(terms: Terms) -> Axis:
    if terms.unseen:
        return Axis("code", PARTIAL, "some ways to use it leave no trace")
    if terms.as_a_whole:
        imports = "imports" if len(terms.as_a_whole) == 1 else "import"
        reason = f"{listing(terms.as_a_whole)} {imports} it as a whole: values read from it leave no trace"
        return Axis("code", PARTIAL, reason)
    if terms.traceless:
        return Axis("code", PARTIAL, terms.traceless)
    return Axis("code", BEST, "every way to use it would have been seen")
