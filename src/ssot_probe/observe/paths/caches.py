"""Sees answers that `functools.lru_cache` gives without calling the function: its own counter tells."""

from __future__ import annotations

from time import time_ns
from types import ModuleType
from typing import Any

from ssot_probe.model.names import qualify
from ssot_probe.model.path_records import APPLICATION, CALLED
from ssot_probe.observe.candidates import plain_function
from ssot_probe.observe.modules import namespace_of
from ssot_probe.observe.paths.ear import Target, Use
from ssot_probe.observe.paths.ears import Ears


class _Cache:
    def __init__(self, wrapper: Any, target: Target) -> None:
        self.wrapper = wrapper
        self.target = target
        self.hits = _hits(wrapper)
        self.use: Use | None = None


class Caches:
    """The caches of watched functions: who asks them is not known, only how often.

    Args:
        ears: what is heard.
    """

    def __init__(self, ears: Ears) -> None:
        self._ears = ears
        self._caches: dict[tuple[str, int], _Cache] = {}

    def take_in(
        self, path: str, name: str, covers: str, file: str, module: ModuleType, classes: dict[str, type]
    ) -> None:
        """Count the answers of the caches that a module and its classes hold.

        Args:
            path: as the policy writes it.
            name: of the module.
            covers: qualified name in the module that the path ends with, "" for all of it.
            file: of the module.
            module: itself.
            classes: those that it defines.
        """
        for owner, prefix in ((module, ""), *((cls, f"{cls.__qualname__}.") for cls in classes.values())):
            names = namespace_of(owner) if isinstance(owner, ModuleType) else vars(owner)
            for attribute, value in list(names.items()):
                value = value.__func__ if type(value) in (staticmethod, classmethod) else value
                if type(value).__name__ != "_lru_cache_wrapper":
                    continue
                function = plain_function(value)
                qualname = prefix + attribute
                if function is None:
                    continue
                if function.__module__ == name and (
                    not covers or qualname == covers or qualname.startswith(covers + ".")
                ):
                    line = function.__code__.co_firstlineno
                    target = Target(path, CALLED, qualify(name, qualname), file, line, qualname, name)
                    self._caches[path, id(value)] = _Cache(value, target)

    def forget(self) -> None:
        """Count from zero."""
        for cache in list(self._caches.values()):
            cache.hits = _hits(cache.wrapper)
            cache.use = None

    def look(self) -> None:
        """Count what was answered since the last look."""
        for cache in list(self._caches.values()):
            hits = _hits(cache.wrapper)
            new, cache.hits = hits - cache.hits, hits
            if new > 0:
                self._count(cache, new)

    def _count(self, cache: _Cache, new: int) -> None:
        now = time_ns()
        if cache.use is None:
            use = Use((cache.target,), None, -1, "", APPLICATION, False, "", now, [0, 0, 0, now])
            cache.use = self._ears.add_use(use)
        cache.use.counter[0] += new
        cache.use.counter[3] = now


def _hits(wrapper: Any) -> int:
    hits: int = wrapper.cache_info().hits
    return hits
