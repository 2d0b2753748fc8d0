"""The imports that the tree declares, as records."""

from __future__ import annotations

from collections.abc import Iterator

from ssot_probe.inventory.resolution import MODULE, Module, Names, Thing
from ssot_probe.model.records import ImportRecord, ReferenceRecord, Site


def import_records(module: Module, names: Names, time: int) -> Iterator[ImportRecord]:
    """Yield what the imports of a module ask for, a submodule that a `from` import fetches included."""
    for found in module.facts.imports:
        record = ImportRecord(
            module=module.absolute(found.level, found.module, found.package),
            names=() if found.is_call else found.names,
            outcome="declared",
            origin="static",
            at_load=found.at_load,
            site=Site(module.file, found.line, found.function, module.name),
            thread="",
            count=1,
            first=time,
            last=time,
            guard=found.guard,
        )
        yield record
        asked = names.asked(found.level, found.module, module, found.package)
        for name in found.names:
            if _is_submodule(asked, name, names):
                yield record._replace(module=f"{record.module}.{name}", names=())


def computed_imports(module: Module, time: int) -> Iterator[ReferenceRecord]:
    """Yield the places where a module imports what only a running program knows."""
    for line, function in module.facts.computed:
        site = Site(module.file, line, function, module.name)
        yield ReferenceRecord(target="", kind="computed-import", site=site, time=time)


def _is_submodule(package: str, name: str, names: Names) -> bool:
    """Is what the package calls by this name its own submodule, rather than something called like it?"""
    full = names.submodule(package, name)
    if full not in names.modules:
        return False
    things = names.attribute(Thing(MODULE, package), name)
    return any(thing == Thing(MODULE, full) for thing in things)
