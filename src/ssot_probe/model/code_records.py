"""What the probe may say about code: which modules are loaded and imported, and what they bind."""

from __future__ import annotations

from typing import NamedTuple

from ssot_probe.model.site import Site


class ModuleRecord(NamedTuple):
    """A first-party module was found loaded."""

    module: str
    file: str
    importer: str  # "file:line" of the statement that loaded it; "" where that is unknown
    preloaded: bool  # it was loaded before the probe, or past it
    time: int
    watched: bool = False


class ImportRecord(NamedTuple):
    """An import statement (or call) that was executed, or declared in source, with its place."""

    module: str  # the module that was asked for, absolute
    names: tuple[str, ...]  # names fetched from it by `from module import ...`
    outcome: str  # "loaded": this import ran the module; "cached": it was there; "failed"; "declared"
    origin: str  # "application" | "unpickling" | "sweep" (it walks modules, and uses none) | "static"
    at_load: bool  # executed while the importing module itself was being loaded
    site: Site
    thread: str
    count: int  # type: ignore[assignment]
    first: int
    last: int
    guard: str = (
        ""  # of a declared one: "type-checking" | "try" | "except" | "branch" | "main"; "" always runs
    )


class CycleRecord(NamedTuple):
    """A module was imported while it was being loaded: the importer saw it half initialised.

    Link by link, what led from the module to that import, which is the last one: `importers[i]` imports
    `modules[i]` at `places[i]`.
    """

    module: str  # the half initialised one
    names: tuple[str, ...]  # fetched from it, or asked for in vain; empty where the module itself was bound
    outcome: str  # "cached" | "failed": the names were not there yet
    importers: tuple[str, ...]
    modules: tuple[str, ...]
    places: tuple[str, ...]  # "file:line"
    site: Site  # of the import that saw it
    thread: str
    time: int


class ClassRecord(NamedTuple):
    """A class object that plays a concept, bound in a first-party module or constructed."""

    name: str  # qualified name
    serial: int  # number of the class object in its process: two objects of one name differ in it
    file: str
    line: int
    bases: tuple[str, ...]  # qualified names of all its bases, nearest first, without `object`
    traits: tuple[str, ...]  # of "abstract", "protocol", "exception", "enum", "typed-dict", "test-double"
    time: int
    methods: tuple[str, ...] = ()


class BindingRecord(NamedTuple):
    """A module binds a name to a class of a concept, or to a function that may make its instances."""

    module: str
    attribute: str
    kind: str  # "class" | "function"
    target: str  # qualified name of what it is bound to
    serial: int  # serial of the class object; 0 for functions
    time: int


SILENT, RUN_SOURCE = "silent-use", "run-source"


class ReferenceRecord(NamedTuple):
    """Source or configuration names a module, or something in it, without importing it there.

    Of kind "deprecated", the module itself warns, whenever it is loaded, that it should not be used. Of kind
    SILENT, a class of a watched path is used there without any of its code being run; of kind RUN_SOURCE,
    source text is run there that may be anything.
    """

    target: str  # `module` or `module:Name`; "" where only the running program knows it
    kind: (
        str  # "string", "configuration", "entry-point", "pickle", "computed-import", "deprecated" or as above
    )
    site: Site
    time: int
