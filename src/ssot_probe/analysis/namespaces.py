"""What the names in modules are bound to, as the processes of a recording saw it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ssot_probe.analysis.class_identity import ClassObject
from ssot_probe.model.names import split
from ssot_probe.model.records import BindingRecord, ClassRecord


class Path(NamedTuple):
    """A name in a module, as somebody writes it in `from module import name`."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"


class Bound(NamedTuple):
    """What a name is bound to: a class object, or a function (then `cls` is None)."""

    target: str  # qualified name
    cls: ClassObject | None


class Until(NamedTuple):
    """What a name was bound to before it was bound to something else."""

    time: int  # when the new meaning was seen, nanoseconds since the epoch
    bound: Bound


Namespace = Mapping[str, Bound]
ClassLookup = Callable[[str, str, int], ClassObject]


class Namespaces:
    """The names of modules, per process; where a process did not tell, what all others agree on."""

    def __init__(
        self,
        bindings: Iterable[tuple[str, BindingRecord]],
        classes: Iterable[tuple[str, ClassRecord]],
        class_of: ClassLookup,
    ) -> None:
        own: dict[tuple[str, str], dict[str, Bound]] = defaultdict(dict)
        self._before: dict[tuple[str, Path], list[Until]] = defaultdict(list)
        for process, record in sorted(bindings, key=lambda pair: (pair[1].time, pair)):
            cls = class_of(process, record.target, record.serial) if record.kind == "class" else None
            bound = Bound(record.target, cls)
            known = own[process, record.module].get(record.attribute, bound)
            if known.target != bound.target:  # a module that ran again binds its names anew
                path = Path(record.module, record.attribute)
                self._before[process, path].append(Until(record.time, known))
            own[process, record.module][record.attribute] = bound
        told = {module for _, module in own}
        for process, defined in sorted(classes):
            module, qualname = split(defined.name)
            if module not in told and "." not in qualname:
                found = class_of(process, defined.name, defined.serial)
                own[process, module].setdefault(qualname, Bound(defined.name, found))
        self._own: Mapping[tuple[str, str], Namespace] = own
        self._agreed = _agreed(own)

    def of(self, process: str, module: str) -> Namespace:
        """Return what the names of a module mean in a process."""
        return self._own.get((process, module)) or self._agreed.get(module, {})

    def at(self, process: str, path: Path, time: int) -> Bound | None:
        """Return what a path led to in a process at a time (nanoseconds since the epoch)."""
        for end, bound in self._before.get((process, path), ()):
            if time < end:
                return bound
        return self.of(process, path.module).get(path.name)

    def target(self, path: Path) -> str:
        """Return the qualified name that a path leads to where all processes agree, else ""."""
        bound = self._agreed.get(path.module, {}).get(path.name)
        return bound.target if bound else ""

    def class_paths(self) -> Iterable[tuple[Path, ClassObject]]:
        """Return every path that is or was bound to a class, once per class that it is or was bound to."""
        now = {
            (Path(module, name), bound.cls)
            for (_, module), names in self._own.items()
            for name, bound in names.items()
            if bound.cls is not None
        }
        before = {
            (path, bound.cls)
            for (_, path), ended in self._before.items()
            for _, bound in ended
            if bound.cls is not None
        }
        return now | before

    def function_paths(self) -> Iterable[tuple[Path, str]]:
        """Return every path that is bound to a function, with the function's qualified name."""
        return {
            (Path(module, name), bound.target)
            for (_, module), names in self._own.items()
            for name, bound in names.items()
            if bound.cls is None
        }


def _agreed(own: Mapping[tuple[str, str], Namespace]) -> Mapping[str, Namespace]:
    meanings: dict[tuple[str, str], set[Bound]] = defaultdict(set)
    for (_, module), names in own.items():
        for name, bound in names.items():
            meanings[module, name].add(bound)
    agreed: dict[str, dict[str, Bound]] = defaultdict(dict)
    for (module, name), bounds in meanings.items():
        if len(bounds) == 1:
            agreed[module][name] = next(iter(bounds))
    return agreed
