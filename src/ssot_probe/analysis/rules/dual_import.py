"""SSOT106: one module reached a concept along two paths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.fetches import Fetch
from ssot_probe.analysis.join import EXECUTED, NEVER, Declared, Join
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.places import capped_groups, importers
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, number, times
from ssot_probe.model.finding import Evidence, Finding, Severity

RULE = Rule(
    code="SSOT106",
    name="dual-import",
    severity=Severity.WARNING,
    claim="One module reached the concept along two paths: it imports the same class from two modules, or "
    "two classes that compete for the concept.",
    proof="The executed imports of that module, each with its line and what it fetched from where. Where the "
    "source was scanned, also those that it declares and that were not seen to run: they are marked, and it "
    "says `origin: static`.",
    silent="Two names from one module; a pair of imports in `try` and `except ImportError` of which one "
    "succeeded; imports for type checkers; a class and its subclass, each from its own module; several "
    "classes where `max_classes` allows them.",
    fix="Import the concept from one place in this module: from the canonical one where that is declared.",
    example='canonical = "chat.ws.manager:WebSocketManager"',
)


def check(case: Case) -> Iterator[Finding]:
    """Compare from where each module imports the classes of each concept."""
    executed: set[tuple[str, str]] = set()
    for members in case.concepts:
        dual: dict[str, dict[Path, list[Fetch]]] = {}
        for classes in _competing(members):
            for importer, paths in _reached(case.recording, classes).items():
                if len({path.module for path in paths}) > 1:
                    dual.setdefault(importer, {}).update(paths)
        for importer, paths in sorted(dual.items()):
            executed.add((members.concept.name, importer))
            yield _finding(members, importer, paths)
    if case.joined is not None and case.recording.inventory is not None:
        for finding in _declared(case, case.recording.inventory, case.joined):
            if (finding.concept, finding.subject) not in executed:
                yield finding


def _declared(case: Case, inventory: Recording, joined: Join) -> Iterator[Finding]:
    """Yield what the modules declare, executed or not."""
    for members in case.declared:
        dual: dict[str, dict[Path, list[Declared]]] = {}
        for classes in _competing(members):
            for importer, paths in _reached(inventory, classes).items():
                states = {
                    path: [joined.of[fetch.record] for fetch in fetches] for path, fetches in paths.items()
                }
                ran = all(declared.state == EXECUTED for found in states.values() for declared in found)
                if _independent(states) > 1 and not ran:
                    dual.setdefault(importer, {}).update(states)
        for importer, paths_declared in sorted(dual.items()):
            yield _static_finding(members, importer, paths_declared)


def _independent(paths: Mapping[Path, Sequence[Declared]]) -> int:
    """Return from how many modules something is imported, where alternatives count as one."""
    guards: dict[str, set[str]] = defaultdict(set)
    for path, found in paths.items():
        guards[path.module].update(declared.record.guard for declared in found if declared.state != NEVER)
    alternatives = [module for module, found in guards.items() if found and found <= {"try", "except"}]
    reached = [module for module, found in guards.items() if found]
    return len(reached) - max(0, len(alternatives) - 1)


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


def _static_finding(members: Members, importer: str, paths: Mapping[Path, Sequence[Declared]]) -> Finding:
    canonical = members.concept.canonical
    ranked = sorted(paths, key=lambda path: (str(path) != canonical, path))
    return RULE.finding(
        importer,
        f"{importer} declares imports of {members.concept.name} along {number(len(ranked), 'path')}, and not "
        f"all of them were seen to run (origin: static): {listing([str(path) for path in ranked])}.",
        capped_groups([[_line(path, declared) for declared in paths[path]] for path in ranked]),
        concept=members.concept,
        count=len(ranked),
        settle=f'canonical = "{members.subject}"',
    )


def _line(path: Path, declared: Declared) -> Evidence:
    site = declared.record.site
    fate = times(declared.count) if declared.state == EXECUTED else declared.state
    return Evidence(f"imports {path.name} from {path.module}, {fate}", site.file, site.line)
