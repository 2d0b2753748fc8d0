"""What makes instances of the tree's classes, as records: functions that return them, and their calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ssot_probe.inventory.facts import FunctionFact, Symbol
from ssot_probe.inventory.resolution import CLASS, FUNCTION, RESULT, Module, Names, Thing, of_kind
from ssot_probe.model.names import qualify
from ssot_probe.model.records import NOWHERE, MakeRecord, Site


class Makers:
    """Finds the functions that hand out instances, also where one returns what another has made.

    Args:
        names: of the tree.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._made: dict[str, dict[str, None]] = defaultdict(dict)  # function -> classes
        self._returned_by: dict[str, list[str]] = defaultdict(
            list
        )  # function -> those that return its result
        for module in names.modules.values():
            for fact in module.facts.functions:
                self._begin(module, fact)
        self._pass_on()

    def records(self, module: Module, time: int) -> Iterator[MakeRecord]:
        """Yield what the functions of a module hand out, and the calls of classes in it."""
        for fact in module.functions.values():
            name = qualify(module.name, fact.qualname)
            definition = NOWHERE._replace(file=module.file, line=fact.line)
            for cls in self._made.get(name, ()):
                yield _record(name, fact.kind, cls, definition, NOWHERE, time)
        for call in module.facts.calls:
            for thing in of_kind(self._names.of(call.symbol, module), CLASS)[:1]:
                if thing.module in self._names.modules:
                    site = Site(module.file, call.line, call.function, module.name)
                    yield _record(thing.name, "constructor", thing.name, self._definition(thing), site, time)

    def _definition(self, thing: Thing) -> Site:
        module = self._names.modules[thing.module]
        fact = module.classes[thing.qualname]
        return NOWHERE._replace(file=module.file, line=fact.line)

    def _begin(self, module: Module, fact: FunctionFact) -> None:
        name = qualify(module.name, fact.qualname)
        if fact.returns_own:
            self._made[name][qualify(module.name, fact.owner)] = None
        for symbol in fact.annotated:
            for thing in of_kind(self._names.of(symbol, module, with_type_checking=True), CLASS)[:1]:
                self._made[name][thing.name] = None
        for symbol in fact.calls:
            self._add_result(name, symbol, module)
        for variable in fact.variables:
            for thing in of_kind(self._names.of(Symbol("global", 0, variable), module), RESULT):
                self._add_variable(name, thing)

    def _add_variable(self, name: str, thing: Thing) -> None:
        """Note what a global variable holds: results of calls, and what its annotation says."""
        holder = self._names.modules[thing.module]
        for binding in holder.bindings.get(thing.qualname, ()):
            if binding.symbol is None:
                continue
            if binding.form == "call":
                self._add_result(name, binding.symbol, holder)
            elif binding.form == "typed":
                for cls in of_kind(self._names.of(binding.symbol, holder, with_type_checking=True), CLASS)[
                    :1
                ]:
                    self._made[name][cls.name] = None

    def _add_result(self, name: str, called: Symbol, module: Module) -> None:
        for thing in self._names.of(called, module)[:1]:
            if thing.kind == CLASS:
                self._made[name][thing.name] = None
            elif thing.kind == FUNCTION and thing.name != name:
                self._returned_by[thing.name].append(name)

    def _pass_on(self) -> None:
        """Let functions that return another one's result hand out what that one does."""
        waiting = list(self._made)
        while waiting:
            maker = waiting.pop()
            for outer in self._returned_by.get(maker, ()):
                new = [cls for cls in self._made[maker] if cls not in self._made[outer]]
                if new:
                    self._made[outer].update(dict.fromkeys(new))
                    waiting.append(outer)


def _record(maker: str, kind: str, cls: str, definition: Site, site: Site, time: int) -> MakeRecord:
    return MakeRecord(
        maker=maker,
        kind=kind,
        outcome="declared",
        cls=cls,
        serial=0,
        chain=(),
        origin="",
        born="",
        definition=definition,
        site=site,
        thread="",
        task="",
        count=1,
        unattributed=0,
        first=time,
        last=time,
    )
