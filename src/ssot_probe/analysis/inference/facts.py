"""What an inference goes by: the classes of a program, who imports, constructs and hands them out."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.analysis.fetches import MODULE_LEVEL, is_use
from ssot_probe.analysis.recording import Recording
from ssot_probe.model.names import split
from ssot_probe.model.records import (
    ClassRecord,
    ImportRecord,
    MakeRecord,
    ModuleRecord,
    ReferenceRecord,
    Site,
)

TEST_WORDS = frozenset({"conftest", "test", "testing", "tests"})
"""Parts of module names that hold tests."""

VENDORED = frozenset({"_vendor", "extern", "third_party", "thirdparty", "vendor", "vendored"})
"""Parts of module names that hold copies of somebody else's packages."""

NO_PACKAGES = frozenset({"", "__main__", "benchmarks", "docs", "examples", "noxfile", "setup"})
"""Names at the top of a tree that are no part of the service, as a rule."""


class Maker(NamedTuple):
    """A function or method that returns instances of a class."""

    name: str
    kind: str  # as in MakeRecord
    cls: str
    site: Site  # where it is defined


class ClassFacts(NamedTuple):
    """A class, and what the rest of the program does with it, tests left out."""

    cls: ClassObject
    methods: frozenset[str]  # public ones of its own; empty where they are not known
    paths: Mapping[str, frozenset[str]]  # `module:name` -> the files that import it there for themselves
    constructions: tuple[Site, ...]  # distinct places that call it
    makers: tuple[Maker, ...]

    @property
    def name(self) -> str:
        """The qualified name."""
        return self.cls.name

    @property
    def module(self) -> str:
        """The module that defines it."""
        return split(self.cls.name)[0]

    @property
    def importers(self) -> frozenset[str]:
        """The files that import it, along any path."""
        return frozenset(file for files in self.paths.values() for file in files)

    @property
    def made_at_import(self) -> Site | None:
        """The first place at the top of a module that makes an instance, None where there is none."""
        return next((site for site in self.constructions if site.function == MODULE_LEVEL), None)


class Facts(NamedTuple):
    """Everything that an inference looks at."""

    recording: Recording
    classes: Mapping[str, ClassFacts]  # by qualified name, without those of tests and of vendored packages
    importers: Mapping[str, frozenset[str]]  # module -> the files that import it or anything in it
    whole: Mapping[str, frozenset[str]]  # module -> the files that import the module itself
    callers: Mapping[str, frozenset[str]]  # function -> the files that import it, along any path
    deprecated: frozenset[str]  # modules that warn of their deprecation when they are imported
    functions: tuple[str, ...]  # functions by qualified name
    packages: tuple[str, ...]  # what lies at the top of the tree
    modules: frozenset[str]  # all that were found, without those of tests


def collect(recording: Recording) -> Facts:
    """Collect the facts of a recording; one of a source tree holds what was declared as if it had run."""
    described = {record.name: record for _, record in recording.of(ClassRecord)}
    importers, whole = _importers(recording)
    makers = _makers(recording)
    places = _constructions(recording)
    paths = _paths(recording)
    classes = {
        name: ClassFacts(
            cls,
            frozenset(described[name].methods) if name in described else frozenset(),
            paths.get(name, {}),
            tuple(sorted(places.get(name, ()))),
            tuple(sorted(makers.get(name, ()))),
        )
        for name, cls in sorted({cls.name: cls for cls in recording.classes[::-1]}.items())
        if not is_test(split(name)[0]) and not VENDORED & {*split(name)[0].split(".")}
    }
    modules = frozenset(
        record.module for _, record in recording.of(ModuleRecord) if not is_test(record.module)
    )
    functions = {target for _, target in recording.namespaces.function_paths()}
    return Facts(
        recording,
        classes,
        importers,
        whole,
        _callers(recording),
        frozenset(
            split(record.target)[0]
            for _, record in recording.of(ReferenceRecord)
            if record.kind == "deprecated"
        ),
        tuple(sorted(name for name in functions if not is_test(split(name)[0]))),
        _packages(recording),
        modules,
    )


def _packages(recording: Recording) -> tuple[str, ...]:
    """Return what lies at the top; what lies in a package but is named as if it did not, is no package."""
    files = {record.module: record.file for _, record in recording.of(ModuleRecord)}
    packages = {posixpath.dirname(file) for file in files.values() if file.endswith("/__init__.py")}
    found = set()
    for module, file in files.items():
        top = module.partition(".")[0]
        root = posixpath.dirname(file.removesuffix("/__init__.py"))
        for _ in range(module.count(".")):
            root = posixpath.dirname(root)
        above = [root, *(root[:end] for end, letter in enumerate(root) if letter == "/")]
        if top not in NO_PACKAGES and not is_test(top) and not packages & {*above}:
            found.add(top)
    return tuple(sorted(found))


def is_test(module: str) -> bool:
    """Does the name of the module say that it holds tests?"""
    return any(
        part in TEST_WORDS or part.startswith("test_") or part.endswith(("_test", "_tests"))
        for part in module.split(".")
    )


def _is_in_test(site: Site) -> bool:
    directories = site.file.removesuffix(".py").replace("\\", "/").strip("/").replace("/", ".")
    return is_test(site.module) or is_test(directories)


def _uses(recording: Recording) -> Iterable[ImportRecord]:
    for _, record in recording.of(ImportRecord):
        if is_use(record) and not _is_in_test(record.site):
            yield record


def _importers(
    recording: Recording,
) -> tuple[Mapping[str, frozenset[str]], Mapping[str, frozenset[str]]]:
    """Return who imports a module or anything in it, and who imports the module itself."""
    anything: dict[str, set[str]] = defaultdict(set)
    whole: dict[str, set[str]] = defaultdict(set)
    known = recording.loaded
    for record in _uses(recording):
        modules = [f"{record.module}.{name}" for name in record.names]
        itself = [record.module] if not record.names else [name for name in modules if name in known]
        for module in itself:
            whole[module].add(record.site.file)
        for module in {record.module, *itself}:
            anything[module].add(record.site.file)
    return _frozen(anything), _frozen(whole)


def _callers(recording: Recording) -> Mapping[str, frozenset[str]]:
    files: dict[str, set[str]] = defaultdict(set)
    for fetch in recording.fetches:
        site = fetch.record.site
        if (
            fetch.target
            and fetch.cls is None
            and split(fetch.target)[0] != site.module
            and not _is_in_test(site)
        ):
            files[fetch.target].add(site.file)
    return _frozen(files)


def _frozen(files: Mapping[str, set[str]]) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(found) for name, found in files.items()}


def _paths(recording: Recording) -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Return class -> path -> files; a module that only passes the class on to others does not count."""
    found: dict[str, dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
    for fetch in recording.fetches:
        site = fetch.record.site
        if fetch.cls is not None and fetch.path.module != site.module and not _is_in_test(site):
            found[fetch.cls.name][str(fetch.path)].add((site.module, site.file))
    kept: dict[str, Mapping[str, frozenset[str]]] = {}
    for name, by_path in found.items():
        passing_on = {split(path)[0] for path in by_path} | {split(name)[0]}
        own = {
            path: frozenset(file for module, file in importers if module not in passing_on)
            for path, importers in by_path.items()
        }
        kept[name] = {path: files for path, files in sorted(own.items()) if files}
    return kept


def _makers(recording: Recording) -> Mapping[str, set[Maker]]:
    found: dict[str, set[Maker]] = defaultdict(set)
    for _, record in recording.of(MakeRecord):
        if record.kind != "constructor" and not is_test(split(record.maker)[0]):
            found[record.cls].add(Maker(record.maker, record.kind, record.cls, record.definition))
    return found


def _constructions(recording: Recording) -> Mapping[str, set[Site]]:
    found: dict[str, set[Site]] = defaultdict(set)
    for _, record in recording.of(MakeRecord):
        if record.kind == "constructor" and record.outcome != "returned" and not _is_in_test(record.site):
            found[record.cls].add(record.site)
    return found
