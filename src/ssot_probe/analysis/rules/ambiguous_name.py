"""SSOT103: one public name means different classes of a concept, depending on the path it is imported by."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.fetches import Fetch
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.namespaces import Path
from ssot_probe.analysis.places import capped_groups, importers
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, number
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.names import is_public

RULE = Rule(
    code="SSOT103",
    name="ambiguous-name",
    severity=Severity.ERROR,
    claim="The same public name means different classes of one concept, depending on which module it is "
    "imported from, or, where a module binds it anew, on when.",
    proof="For each path the class object that the module really bound to the name: where the class is "
    "defined, and wherever an executed import fetched the name.",
    silent="Private names; names that were imported for type checking only; classes of another concept "
    "that carry the name on purpose; a base class that only its own subclass of the same name imports.",
    fix="Keep the name for the canonical class. Rename the others, or let their modules re-export the "
    "canonical class until their importers are gone.",
    example='canonical = "chat.ws.manager:WebSocketManager"',
)

Meanings = dict[Path, set[ClassObject]]


def check(case: Case) -> Iterator[Finding]:
    """Compare what each public name means on the paths that lead to a class of the concept."""
    for members in case.concepts:
        fetched = _fetched(case.recording, members)
        for name, meanings in sorted(_meanings(case.recording, members, fetched).items()):
            classes = {cls for found in meanings.values() for cls in found}
            if len(classes) < 2:
                continue
            paths = sorted(meanings, key=lambda path: (str(path) != members.concept.canonical, path))
            yield RULE.finding(
                str(paths[0]),
                f"{name} means {number(len(classes), 'class')}, depending on {_what_decides(meanings)}: "
                f"{listing(_told(meanings))}.",
                capped_groups([_lines(path, meanings[path], fetched.get(path, [])) for path in paths]),
                concept=members.concept,
                count=len(classes),
                settle=f'canonical = "{paths[0]}"',
            )


def _fetched(recording: Recording, members: Members) -> Mapping[Path, list[Fetch]]:
    found: dict[Path, list[Fetch]] = defaultdict(list)
    for cls in members.judged:
        for fetch in recording.fetches_of(cls):
            if is_public(fetch.path.name):
                found[fetch.path].append(fetch)
    return found


def _meanings(
    recording: Recording, members: Members, fetched: Mapping[Path, list[Fetch]]
) -> Mapping[str, Meanings]:
    names: dict[str, Meanings] = defaultdict(lambda: defaultdict(set))
    for cls in members.counted:
        for path in recording.paths_of.get(cls, ()):
            if str(path) == cls.name and is_public(path.name):
                names[path.name][path].add(cls)
    for path, fetches in fetched.items():
        for fetch in fetches:
            if fetch.cls is not None:
                names[path.name][path].add(fetch.cls)
    return {name: _without_inherited(meanings, fetched) for name, meanings in names.items()}


def _without_inherited(meanings: Meanings, fetched: Mapping[Path, list[Fetch]]) -> Meanings:
    """Leave out a base class that nobody but its subclasses of the same name imports."""
    heirs = {
        cls: {
            other.name.partition(":")[0]
            for others in meanings.values()
            for other in others
            if cls.name in other.bases
        }
        for classes in meanings.values()
        for cls in classes
    }
    return {
        path: classes
        for path, classes in meanings.items()
        if not all(heirs[cls] for cls in classes)
        or any(
            fetch.record.site.module not in heirs[cls] for cls in classes for fetch in fetched.get(path, ())
        )
    }


def _what_decides(meanings: Meanings) -> str:
    if all(len(classes) == 1 for classes in meanings.values()):
        return "the path"
    return "when it is imported" if len(meanings) == 1 else "the path and on when it is imported"


def _told(meanings: Meanings) -> list[str]:
    """Return the classes, each with how many paths lead to it."""
    paths = Counter(cls for classes in meanings.values() for cls in classes)
    return [f"{cls.label} on {number(count, 'path')}" for cls, count in sorted(paths.items())]


def _lines(path: Path, classes: set[ClassObject], fetches: list[Fetch]) -> list[Evidence]:
    meant = [Evidence(f"{path} is {cls.label}", cls.file, cls.line) for cls in sorted(classes)]
    return [*meant, *importers(fetches)]
