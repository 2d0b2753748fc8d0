"""Turns code objects and offsets into places that a reader can open."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import CodeType
from typing import Any

from ssot_probe.model.records import NOWHERE, ClassRecord, Site
from ssot_probe.observe.candidates import returns_something
from ssot_probe.observe.census import line_in_code
from ssot_probe.observe.import_sites import (
    ImportCall,
    ImportStatement,
    StatementReader,
    import_by_call,
    reads_twice,
    resolve,
)
from ssot_probe.observe.importers import APPLICATION, UNPICKLING
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.scope import Scope
from ssot_probe.recorder.function_names import FunctionNames
from ssot_probe.recorder.lines import LineReader


class Places:
    """Knows the project's directories; remembers each place once.

    Args:
        scope: shortens file names.
        script: the file that runs as `__main__`, "" where none does: the interpreter forgets it at exit.
    """

    def __init__(self, scope: Scope, script: str = "") -> None:
        self._scope = scope
        self.script = script
        self._statements = StatementReader()
        self._lines = LineReader()
        self._names = FunctionNames()
        self._returning: dict[int, tuple[CodeType, bool]] = {}
        self._sites: dict[tuple[int, int], tuple[CodeType, Site]] = {}
        self.files: set[str] = set()  # in which something was seen, since somebody has taken them out
        self._modules: dict[str, str] = {script: "__main__"} if script else {}

    def site(self, code: CodeType, offset: int, module: str | None = None) -> Site:
        """Return the place of an instruction; the module is looked for where it is not given."""
        known = self._sites.get((id(code), offset))
        if known is None or known[0] is not code:
            if len(self._sites) > 20_000:
                self._sites.clear()
            if module is None:
                module = self._module_of(code.co_filename)
            site = self.at_line(code, self._lines.at(code, offset), module)
            known = self._sites[id(code), offset] = (code, site)
        return known[1]

    def at_line(self, code: CodeType, line: int, module: str) -> Site:
        """Return the place of a line whose module is known."""
        function = self._names.of(code, module)
        self.files.add(code.co_filename)
        return Site(self._scope.relative(code.co_filename), line, function, module)

    def relative(self, file: str) -> str:
        """Return a file's name as reports show it."""
        return self._scope.relative(file)

    def returns_something(self, code: CodeType) -> bool:
        """Does the function hand anything out?"""
        known = self._returning.get(id(code))
        if known is None or known[0] is not code:
            if len(self._returning) > 20_000:
                self._returning.clear()
            known = self._returning[id(code)] = (code, returns_something(code))
        return known[1]

    def definition(self, code: CodeType | None) -> Site:
        """Return the place where a function is defined."""
        if code is None:
            return NOWHERE
        return NOWHERE._replace(file=self._scope.relative(code.co_filename), line=code.co_firstlineno)

    def of_class(self, record: ClassRecord) -> ClassRecord:
        """Return the record with the line at which the class begins: it is looked up late."""
        line = 0 if sys.version_info >= (3, 13) else line_in_code(record.name)
        return record._replace(line=line) if line else record

    def statement(self, code: CodeType, offset: int) -> ImportStatement | None:
        """Return the import statement at an instruction."""
        return self._statements.at(code, offset)

    def call(self, code: CodeType, offset: int) -> ImportCall | None:
        """Return the importing call at an instruction, None where it is none."""
        return import_by_call(code, offset)

    def absolute(self, statement: ImportStatement | None, importer: str) -> str:
        """Return the absolute name of the module that a statement in `importer` names."""
        if statement is None:
            return ""
        package = _namespace(importer).get("__package__") or importer.rpartition(".")[0]
        return resolve(statement, str(package))

    def reads_twice(self, fetches: bool, module: str) -> bool:
        """Is one import of the module, with names fetched from it or not, seen as two?"""
        return reads_twice(fetches, "__path__" in _namespace(module))

    def origin(self, code: CodeType, offset: int, seen: str) -> str:
        """Return what an import was for: what was seen of it, or what its instruction says."""
        if seen != APPLICATION or self.statement(code, offset) is not None:
            return seen
        call = self.call(code, offset)
        return UNPICKLING if call is not None and call.unpickles else seen

    def names_of(self, module: str, names: Sequence[str]) -> Sequence[str]:
        """Return the names that an import fetches from a module; a star stands for those of its `__all__`."""
        return [
            name
            for written in names
            for name in (_namespace(module).get("__all__", ()) if written == "*" else (written,))
        ]

    def is_package(self, module: str) -> bool:
        """May the module have submodules?"""
        return "__path__" in _namespace(module)

    def is_submodule(self, package: str, name: str) -> bool:
        """Is what the package calls by this name its own submodule, rather than a function called like it?"""
        module = sys.modules.get(f"{package}.{name}")
        return module is not None and _namespace(package).get(name, module) is module

    def is_alias(self, name: str, module: str) -> bool:
        """Is the module also known by that other name?"""
        return bool(name) and getattr(_namespace(name).get("__spec__"), "name", None) == module

    def _module_of(self, file: str) -> str:
        if file not in self._modules:
            for name in list(sys.modules):
                found = _namespace(name).get("__file__")
                if isinstance(found, str):
                    self._modules.setdefault(found, name)
            self._modules.setdefault(file, "")
        return self._modules[file]


def _namespace(module: str) -> dict[str, Any]:
    return namespace_of(sys.modules.get(module))
