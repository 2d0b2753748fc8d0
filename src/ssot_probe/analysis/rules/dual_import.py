"""SSOT106: one module reached a concept along two paths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.fetches import Fetch
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.places import capped_groups, importers
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, number
from ssot_probe.model.finding import Finding, Severity

RULE = Rule(
    code="SSOT106",
    name="dual-import",
    severity=Severity.WARNING,
    claim="One module reached the concept along two paths: it imports the same class from two modules, or "
    "two classes that compete for the concept.",
    proof="The executed imports of that module, each with its line and what it fetched from where.",
    silent="Two names from one module; a pair of imports in `try` and `except ImportError` of which one "
    "succeeded; a class and its subclass, each from its own module; several classes where `max_classes` "
    "allows them.",
    fix="Import the concept from one place in this module: from the canonical one where that is declared.",
    example='canonical = "chat.ws.manager:WebSocketManager"',
)


def check(case: Case) -> Iterator[Finding]:
    """Compare from where each module imports the classes of each concept."""
    for members in case.concepts:
        dual: dict[str, dict[Path, list[Fetch]]] = {}
        for classes in _competing(members):
            for importer, paths in _reached(case.recording, classes).items():
                if len({path.module for path in paths}) > 1:
                    dual.setdefault(importer, {}).update(paths)
        for importer, paths in sorted(dual.items()):
            yield _finding(members, importer, paths)


def _competing(members: Members) -> Iterator[tuple[ClassObject, ...]]:
    """Yield the classes that are to be reached along one path together, or each for itself."""
    if members.concept.max_classes == 1:
        yield members.counted
    for cls in members.judged:
        yield (cls,)


def _reached(recording: Recording, classes: Iterable[ClassObject]) -> Mapping[str, dict[Path, list[Fetch]]]:
    """Return importing module -> path -> the fetches that got one of the classes along it."""
    found: dict[str, dict[Path, list[Fetch]]] = defaultdict(lambda: defaultdict(list))
    for cls in classes:
        for fetch in recording.fetches_of(cls):
            found[fetch.record.site.module][fetch.path].append(fetch)
    return found


def _finding(members: Members, importer: str, paths: Mapping[Path, list[Fetch]]) -> Finding:
    canonical = members.concept.canonical
    ranked = sorted(paths, key=lambda path: (str(path) != canonical, path))
    classes = {fetch.cls for fetches in paths.values() for fetch in fetches if fetch.cls is not None}
    meant = f"{min(classes).label}" if len(classes) == 1 else number(len(classes), "class")
    return RULE.finding(
        importer,
        f"{importer} imports {meant} along {number(len(ranked), 'path')}: "
        f"{listing([str(path) for path in ranked])}.",
        capped_groups([importers(paths[path]) for path in ranked]),
        concept=members.concept,
        count=len(ranked),
        settle=f'canonical = "{members.subject}"',
    )
