"""The digests of what was read, and what its watched paths define, as records.

A process that runs the same code tells the same digests, so what it saw can be held against the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ssot_probe.inventory.resolution import MODULE, Module, Names, Thing
from ssot_probe.model.names import is_within, split
from ssot_probe.model.path_records import DefinitionRecord, SourceRecord
from ssot_probe.model.records import BlindRecord, Record, Site
from ssot_probe.model.source_digest import Definition, definitions_in, file_digest

ALIAS, VALUE = "alias", "value"


class Digests:
    """The digests of files, taken when their content is read for the first time.

    Attributes:
        of: path -> digest.
    """

    def __init__(self) -> None:
        self.of: dict[str, str] = {}

    def take(self, path: str, content: bytes) -> None:
        """Note the digest of a file's content."""
        self.of[path] = file_digest(content)


def source_records(
    modules: Sequence[Module], digests: Mapping[str, str], time: int
) -> Iterator[SourceRecord]:
    """Yield the digest of each file that could be opened, readable as Python or not."""
    for module in modules:
        digest = digests.get(module.path)
        if digest is not None:
            yield SourceRecord(module.file, digest, time)


def definition_records(
    paths: Sequence[str], names: Names, digests: Mapping[str, str], time: int
) -> Iterator[Record]:
    """Yield what each watched path is made of: its module, and what that defines of it.

    A name that its module binds to something else has a record of its own, at the line that binds it. Of a
    path that no file knows there is none.

    Args:
        paths: the watched ones.
        names: of the tree.
        digests: of its files, by their path.
        time: of the inventory.
    """
    known: dict[str, list[Definition] | None] = {}
    for path in paths:
        entry, name = split(path)
        for module in _modules(entry, name, names):
            if module.name not in known:
                known[module.name] = _definitions(module, digests.get(module.path, ""))
            definitions = known[module.name]
            if definitions is None:
                reason = "was changed while it was scanned: scan again"
                yield BlindRecord(module.file, reason, time)
                continue
            yield from _of_path(path, name, module, definitions, names, time)


def _modules(entry: str, name: str, names: Names) -> list[Module]:
    if name:
        return [names.modules[entry]] if entry in names.modules else []
    return [module for module in names.modules.values() if is_within(module.name, entry)]


def _definitions(module: Module, digest: str) -> list[Definition] | None:
    """Return what a file defines, None where it is not any more what the rest of the inventory tells of."""
    try:
        with open(module.path, "rb") as file:
            found = definitions_in(file.read())
    except OSError:
        found = []
    if not digest:  # it could not be opened, which is told
        return []
    return found if found and found[0].digest == digest else None


def _of_path(
    path: str, name: str, module: Module, definitions: Sequence[Definition], names: Names, time: int
) -> Iterator[DefinitionRecord]:
    is_defined = False
    for one in definitions:
        inner = one.qualified_name
        if not name or not inner or inner == name or inner.startswith(f"{name}."):
            is_defined = is_defined or inner == name
            site = Site(module.file, one.first_line, inner, module.name)
            yield DefinitionRecord(path, one.kind, one.digest, site, time)
    if name and definitions and not is_defined:
        kind = _binding(name, module, names)
        if kind:
            first = module.bindings.get(name.partition(".")[0])
            site = Site(module.file, first[-1].line if first else 0, name, module.name)
            yield DefinitionRecord(path, kind, definitions[0].digest, site, time)


def _binding(name: str, module: Module, names: Names) -> str:
    """Return what a name is that its module does not define: ALIAS, VALUE, or "" where it is none of it."""
    owner = Thing(MODULE, module.name)
    first, *rest = name.split(".")
    found = names.attribute(owner, first)
    if not found:
        return VALUE if first in module.bindings and not rest else ""
    for part in rest:
        owner = found[0]
        found = names.attribute(owner, part)
        if not found:
            fact = module.classes.get(owner.qualname) if owner.module == module.name else None
            return VALUE if fact is not None and part in fact.names else ""
    return ALIAS if found[0].kind != "result" else VALUE
