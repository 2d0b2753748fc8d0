"""Notices that functions of watched paths run other code than when they were loaded, and listens to that.

Tracers put code of their own in a function's place, debuggers and reloaders a new version of it. A function
runs whatever its `__code__` is by then; the code that was listened to is heard no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import CodeType, FunctionType, ModuleType
from typing import NamedTuple
from weakref import ref

from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.paths import unheard
from ssot_probe.observe.paths.definitions import functions_of
from ssot_probe.observe.paths.ear import Target
from ssot_probe.observe.paths.ears import Ears
from ssot_probe.observe.paths.watched_path import PathTable, WatchedPath


class _Known(NamedTuple):
    path: WatchedPath
    function: ref[FunctionType]
    code: CodeType
    targets: tuple[Target, ...]


class ExchangedCode:
    """Looks from time to time whether functions still run the code that is listened to.

    Args:
        ears: what is heard.
        table: the watched paths.
    """

    def __init__(self, ears: Ears, table: PathTable) -> None:
        self._ears = ears
        self._table = table
        self._known: list[_Known] = []

    def take_in(self, path: WatchedPath, module: ModuleType, classes: Iterable[type]) -> None:
        """Remember the functions of a module, and of its classes, whose code is listened to for a path."""
        for names in (namespace_of(module), *map(vars, classes)):
            for value in list(names.values()):
                for function in functions_of(value):
                    ear = self._ears.by_code.get(id(function.__code__))
                    targets = (
                        () if ear is None else tuple(each for each in ear.targets if each.path == path.path)
                    )
                    if targets:
                        self._known.append(_Known(path, ref(function), function.__code__, targets))

    def look(self) -> None:
        """Listen to code that was put in the place of other code; what ran until now is told as not heard."""
        for position in range(len(self._known) - 1, -1, -1):
            known = self._known[position]
            function = known.function()
            if function is None:
                del self._known[position]
            elif function.__code__ is not known.code:
                self._known[position] = known._replace(code=function.__code__)
                self._ears.listen(function.__code__, *known.targets)
                for target in known.targets:
                    self._table.tell_blind(known.path, target.name, unheard.REPLACED)
