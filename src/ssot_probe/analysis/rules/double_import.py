"""SSOT102: one file was loaded under two module names, so its classes exist twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from ssot_probe.analysis.case import Case
from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.wording import listing, number
from ssot_probe.model.finding import Evidence, Finding, Severity
from ssot_probe.model.names import split
from ssot_probe.model.records import ClassRecord, ModuleRecord

RULE = Rule(
    code="SSOT102",
    name="double-import",
    severity=Severity.ERROR,
    claim="One file was loaded under two module names in one process, so its classes exist twice.",
    proof="Class objects of the concept with the same file, line and name in two modules of one process, "
    "with the import that loaded each of the modules.",
    silent="The `__main__` of a package that runs by `-m`, where nothing else imports it; a module that was "
    "reloaded; names that two modules bind to one class object; processes that each know the file by "
    "one name only, though not by the same.",
    fix="Let every importer use one name. A script that others import from belongs into a module of its "
    "own; a directory inside of a package does not belong on `sys.path`.",
)

Copies = dict[str, tuple[str, set[ClassObject]]]
"""Module name -> a process that knows the file by it, and the class objects that it made there."""


def check(case: Case) -> Iterator[Finding]:
    """Look for class statements that made a class object in more than one module of a process."""
    repeated = _repeated(case.recording)
    importers = {
        (process, record.module): record.importer for process, record in case.recording.of(ModuleRecord)
    }
    for members in case.concepts:
        files: dict[str, Copies] = defaultdict(dict)
        for process, file, classes in repeated:
            if not classes.keys().isdisjoint(members.all):
                for cls, module in classes.items():
                    files[file].setdefault(module, (process, set()))[1].add(cls)
        for file, copies in sorted(files.items()):
            yield _finding(members, file, copies, importers)


def _repeated(recording: Recording) -> list[tuple[str, str, Mapping[ClassObject, str]]]:
    """Return process, file, and class object -> module, of each statement that ran in several modules."""
    statements: dict[tuple[str, str, int, str], dict[ClassObject, str]] = defaultdict(dict)
    for process, record in recording.of(ClassRecord):
        module, qualname = split(record.name)
        if record.file and record.line:
            cls = recording.class_of(process, record.name, record.serial)
            statements[process, record.file, record.line, qualname][cls] = module
    return [
        (process, file, classes)
        for (process, file, _, _), classes in sorted(statements.items())
        if len(set(classes.values())) > 1
    ]


def _finding(
    members: Members,
    file: str,
    copies: Copies,
    importers: Mapping[tuple[str, str], str],
) -> Finding:
    concept = members.concept
    home = split(concept.canonical)[0] if concept.canonical else ""
    names = sorted(copies, key=lambda module: (module != home, module == "__main__", -len(module), module))
    evidence = []
    for name in names:
        process, classes = copies[name]
        place, _, line = importers.get((process, name), "").rpartition(":")
        if place:
            evidence.append(Evidence(f"loads it as {name}", place, int(line)))
        evidence += [Evidence(f"{cls.label} is made there", cls.file, cls.line) for cls in sorted(classes)]
    return RULE.finding(
        names[0],
        f"{file} was loaded under {number(len(names), 'module name')}: {listing(names)}. "
        "Each has class objects of its own; `isinstance` tells them apart.",
        evidence,
        concept=concept,
        count=len(names),
        settle=f'canonical = "{min(copies[names[0]][1]).name}"',
    )
