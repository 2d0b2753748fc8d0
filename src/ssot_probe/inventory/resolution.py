"""Finds what names lead to, over all modules of the tree: through imports, aliases, stars and re-exports."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ssot_probe.inventory.facts import Binding, ClassFact, Facts, FunctionFact, Symbol
from ssot_probe.inventory.guards import TYPE_CHECKING
from ssot_probe.inventory.module_names import Named

CLASS, FUNCTION, MODULE, EXTERNAL, RESULT = "class", "function", "module", "external", "result"


class Thing(NamedTuple):
    """What a name leads to."""

    kind: str  # CLASS | FUNCTION | MODULE | EXTERNAL | RESULT: an instance, or what a function returned
    module: str
    qualname: str = ""

    @property
    def name(self) -> str:
        """The qualified name."""
        return f"{self.module}:{self.qualname}" if self.qualname else self.module


class Module:
    """A module of the tree.

    Attributes:
        name: dotted name.
        file: as reports show it.
        path: of the file.
        facts: what its file says.
        package: what its relative imports start from.
        bindings: name -> the statements that give it a meaning, in their order.
    """

    def __init__(self, named: Named, file: str, facts: Facts) -> None:
        self.name = named.module
        self.file = file
        self.path = named.path
        self.root = named.root
        self.local_name = named.local
        self.facts = facts
        self.package = named.local if named.is_package else named.local.rpartition(".")[0]
        self.classes: dict[str, ClassFact] = {fact.qualname: fact for fact in facts.classes}
        self.functions: dict[str, FunctionFact] = {fact.qualname: fact for fact in facts.functions}
        self.bindings: dict[str, list[Binding]] = defaultdict(list)
        for binding in facts.bindings:
            self.bindings[binding.name].append(binding)

    def absolute(self, level: int, module: str, package: str = "") -> str:
        """Return the absolute name of a module as an import in this one asks for it.

        One that leads out of the outermost package keeps its dots: the import fails.
        """
        if not level:
            return module
        start = {"": self.package, "__package__": self.package, "__name__": self.local_name}.get(
            package, package
        )
        parts = start.split(".") if start else []
        if level > len(parts):
            return "." * level + module
        return ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])


DEEPEST_PATH = 32
"""Attributes of attributes; `X = X.y` would have ever more of them."""

_Step = tuple[str, str, str]  # module, name in it or "", attributes behind it


class Names:
    """Answers what names lead to.

    Args:
        modules: of the tree, each name once.
    """

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules: dict[str, Module] = {module.name: module for module in modules}
        self.namespaces = {
            name[:end]
            for name in self.modules
            for end in range(len(name))
            if name[end] == "." and name[:end] not in self.modules
        }
        self._by_root: dict[str, dict[str, str]] = defaultdict(dict)
        for module in self.modules.values():
            self._by_root[module.root][module.local_name] = module.name
        self._exported: dict[str, dict[str, None]] = {}
        self._known: dict[tuple[str, Symbol, bool], tuple[Thing, ...]] = {}

    def has(self, module: str) -> bool:
        """Is it a module of the tree, or a namespace that leads to some?"""
        return module in self.modules or module in self.namespaces

    def submodule(self, package: str, name: str) -> str:
        """Return the name, in this tree, of a module in a package."""
        full = f"{package}.{name}"
        found = self.modules.get(package)
        if found is None:
            return full
        return self._by_root[found.root].get(f"{found.local_name}.{name}", full)

    def of(self, symbol: Symbol, module: Module, with_type_checking: bool = False) -> tuple[Thing, ...]:
        """Return what a symbol of a module's file may lead to; the meaning that holds in the end comes first.

        Args:
            symbol: as the file means it.
            module: whose file it stands in.
            with_type_checking: take imports into account that only type checkers execute.
        """
        key = (module.name, symbol, with_type_checking)
        found = self._known.get(key)
        if found is None:
            found = tuple(self._search(self._step(symbol, module), with_type_checking))
            if not found and symbol.kind == "global":
                found = tuple(_unbound(symbol, module))
            self._known[key] = found
        return found

    def exported(self, module: Module) -> dict[str, None]:
        """Return the names that a star import of the module binds, in order, as far as the tree tells."""
        known = self._exported.get(module.name)
        if known is None:
            known = self._exported[
                module.name
            ] = {}  # for whoever asks again on the way: modules may be in a cycle
            known.update(self._find_exported(module))
        return known

    def _find_exported(self, module: Module) -> dict[str, None]:
        names: dict[str, None] = {}
        seen: set[str] = set()
        waiting = [module]
        while waiting:
            found = waiting.pop()
            if found.name in seen:
                continue
            seen.add(found.name)
            exported = found.facts.exported
            if exported is not None:
                names.update(dict.fromkeys(exported.names))
                for symbol in exported.others:
                    others = [
                        other for one in self._modules_of(symbol, found) for other in self.exported(one)
                    ]
                    names.update(dict.fromkeys(name for name in others if name not in exported.removed))
                if exported.is_whole:
                    continue
            public = (name for name in found.bindings if not name.startswith("_") and name != "*")
            names.update(dict.fromkeys(public))
            for binding in found.bindings.get("*", ()):
                if binding.symbol is not None and binding.guard != TYPE_CHECKING:
                    waiting += self._modules_of(binding.symbol, found)
        return names

    def attribute(self, thing: Thing, name: str) -> tuple[Thing, ...]:
        """Return what an attribute of a module or class of the tree leads to."""
        return tuple(self._search((thing.module, thing.qualname, name), False))

    def _modules_of(self, symbol: Symbol, module: Module) -> list[Module]:
        things = self.of(symbol, module)
        return [
            self.modules[thing.module]
            for thing in things
            if thing.kind == MODULE and thing.module in self.modules
        ]

    def _step(self, symbol: Symbol, module: Module) -> tuple[str, str, str]:
        if symbol.kind == "import":
            return self.asked(symbol.level, symbol.base, module), "", symbol.path
        if symbol.kind == "local":
            return module.name, symbol.base, symbol.path
        return module.name, "", f"{symbol.base}.{symbol.path}" if symbol.path else symbol.base

    def asked(self, level: int, name: str, module: Module, package: str = "") -> str:
        """Return the name, in this tree, of the module that an import asks for.

        It differs from the one asked for where directories that are each on the path of their own program
        hold modules of one name.
        """
        absolute = module.absolute(level, name, package)
        return self._by_root[module.root].get(absolute, absolute)

    def _search(self, start: _Step, with_type_checking: bool) -> Iterator[Thing]:
        """Follow every way that a name may lead, each step once, so that cycles end."""
        seen: set[_Step] = set()
        waiting: list[_Step | Thing] = [start]
        while waiting:
            step = waiting.pop()
            if isinstance(step, Thing):
                yield step
            elif step not in seen and step[2].count(".") < DEEPEST_PATH:
                seen.add(step)
                waiting += reversed(self._follow(step, with_type_checking))

    def _follow(self, step: _Step, with_type_checking: bool) -> Sequence[_Step | Thing]:
        """Return what a step leads to, and the steps that lead on."""
        name, qualname, path = step
        module = self.modules.get(name)
        if qualname:
            return self._in_definition(name, qualname, path)
        if not path:
            kind = MODULE if self.has(name) else EXTERNAL
            return [Thing(kind, name)]
        if module is None:
            if name in self.namespaces:
                first, _, rest = path.partition(".")
                return [(f"{name}.{first}", "", rest)] if self.has(f"{name}.{first}") else []
            return [_outside(name, path)]
        return self._in_module(module, path, with_type_checking)

    def _in_module(self, module: Module, path: str, with_type_checking: bool) -> list[_Step | Thing]:
        first, _, rest = path.partition(".")
        steps: list[_Step | Thing] = []
        for binding in reversed(module.bindings.get(first, ())):
            if binding.guard == TYPE_CHECKING and not with_type_checking:
                continue
            if binding.form in ("class", "function") and binding.symbol is not None:
                steps.append((module.name, binding.symbol.base, rest))
            elif binding.form == "alias" and binding.symbol is not None:
                target, base, behind = self._step(binding.symbol, module)
                if (target, base, behind) != (module.name, "", first):
                    steps.append((target, base, ".".join(filter(None, (behind, rest)))))
            elif not rest and binding.form in ("call", "typed"):
                steps.append(Thing(RESULT, module.name, first))
        if steps or module.bindings.get(first):
            return steps
        for binding in reversed(module.bindings.get("*", ())):
            if binding.symbol is not None and (with_type_checking or binding.guard != TYPE_CHECKING):
                target = self.asked(binding.symbol.level, binding.symbol.base, module)
                if self._offers(target, first):
                    steps.append((target, "", path))
        if steps:
            return steps
        submodule = self.submodule(module.name, first)
        return [(submodule, "", rest)] if self.has(submodule) else []

    def _offers(self, name: str, attribute: str) -> bool:
        """Does a star import of the module bind this name?"""
        module = self.modules.get(name)
        return module is not None and attribute in self.exported(module)

    def _in_definition(self, name: str, qualname: str, path: str) -> Sequence[_Step | Thing]:
        module = self.modules[name]
        fact = module.classes.get(qualname)
        if not path:
            return [Thing(FUNCTION if fact is None else CLASS, name, qualname)]
        if fact is None:
            return []
        first, _, rest = path.partition(".")
        inner = f"{qualname}.{first}"
        if inner in module.classes or inner in module.functions or first in fact.methods:
            return [(name, inner, rest)]
        if first in fact.names:
            return []  # a value
        for base in fact.bases:
            target, base_name, behind = self._step(base, module)
            if target in self.modules:
                return [(target, base_name, ".".join(filter(None, (behind, path))))]
        return []


def _outside(name: str, path: str) -> Thing:
    """Return a thing of a module outside of the tree; what stands before it in lower case are modules."""
    first, _, rest = path.partition(".")
    while rest and first[:1].islower():
        name = f"{name}.{first}"
        first, _, rest = rest.partition(".")
    return Thing(EXTERNAL, name, f"{first}.{rest}" if rest else first)


def _unbound(symbol: Symbol, module: Module) -> Iterator[Thing]:
    """Yield what a name means that nothing in the tree binds: it is built in, or a star import brings it."""
    path = f"{symbol.base}.{symbol.path}" if symbol.path else symbol.base
    if symbol.base in module.bindings:
        return
    stars = [binding.symbol for binding in module.bindings.get("*", ()) if binding.symbol is not None]
    if hasattr(builtins, symbol.base):
        yield Thing(EXTERNAL, "builtins", path)
    elif len(stars) == 1 and not stars[0].level:
        yield Thing(EXTERNAL, stars[0].base, path)


def of_kind(things: Iterable[Thing], kind: str) -> list[Thing]:
    """Return the things of one kind."""
    return [thing for thing in things if thing.kind == kind]
