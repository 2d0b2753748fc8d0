"""The classes that the tree declares and the names that lead to them and to its functions, as records."""

from __future__ import annotations

from collections.abc import Iterator

from ssot_probe.inventory.facts import Binding, Symbol
from ssot_probe.inventory.guards import TYPE_CHECKING
from ssot_probe.inventory.hierarchy import Hierarchy
from ssot_probe.inventory.resolution import CLASS, FUNCTION, Module, Names, Thing
from ssot_probe.model.names import qualify
from ssot_probe.model.records import BindingRecord, ClassRecord, ModuleRecord


def module_record(module: Module, time: int) -> ModuleRecord:
    """Return the record of a module that was read."""
    return ModuleRecord(module=module.name, file=module.file, importer="", preloaded=False, time=time)


def class_records(module: Module, hierarchy: Hierarchy, time: int) -> Iterator[ClassRecord]:
    """Yield the classes of a module; of two statements with one name the last, as it is in a module."""
    for fact in module.classes.values():
        name = qualify(module.name, fact.qualname)
        yield ClassRecord(
            name=name,
            serial=0,
            file=module.file,
            line=fact.line,
            bases=hierarchy.bases(name),
            traits=hierarchy.traits(name),
            time=time,
            methods=fact.methods,
        )


def binding_records(module: Module, names: Names, time: int) -> Iterator[BindingRecord]:
    """Yield the names at the top of a module that lead to classes and functions of the tree."""
    for name in [*module.bindings, *_by_star(module, names)]:
        if name != "*" and not _is_for_type_checkers(module.bindings.get(name, [])):
            for thing in names.of(Symbol("global", 0, name), module):
                if _is_bindable(thing, names):
                    yield BindingRecord(module.name, name, thing.kind, thing.name, 0, time)


def _by_star(module: Module, names: Names) -> list[str]:
    found: dict[str, None] = {}
    for binding in module.bindings.get("*", ()):
        if binding.symbol is not None and binding.guard != TYPE_CHECKING:
            source = names.modules.get(names.asked(binding.symbol.level, binding.symbol.base, module))
            if source is not None:
                found.update(dict.fromkeys(names.exported(source)))
    return [name for name in found if name not in module.bindings]


def _is_for_type_checkers(bindings: list[Binding]) -> bool:
    return bool(bindings) and all(binding.guard == TYPE_CHECKING for binding in bindings)


def _is_bindable(thing: Thing, names: Names) -> bool:
    return thing.kind in (CLASS, FUNCTION) and thing.module in names.modules
