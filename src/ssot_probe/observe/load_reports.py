"""Tells which modules of the project are there, and which imports loaded them or failed to."""

from __future__ import annotations

from collections.abc import Callable
from time import time_ns
from types import ModuleType
from typing import Any

from ssot_probe.context.current import thread_name
from ssot_probe.model.code_records import ModuleRecord
from ssot_probe.observe.loading import LoadEvent, Loading
from ssot_probe.observe.scope import Scope

MOST_FAILED = 10_000
"""Bound on the places whose failing imports are told."""


class LoadReports:
    """Makes the records of modules, and the events of their loading.

    Args:
        scope: which modules are first-party, and how reports call their files.
        script: absolute path of the script that runs as `__main__`, "" for none.
        append: takes events.
        tell: takes records that a forked child has to tell again.

    Attributes:
        told: names of the modules that were told.
    """

    def __init__(
        self,
        scope: Scope,
        script: str,
        append: Callable[[Any], None],
        tell: Callable[[ModuleRecord], None],
    ) -> None:
        self._scope = scope
        self._script = script
        self._append = append
        self._tell = tell
        self._failed_at: set[tuple[str, str, int]] = set()
        self.told: set[str] = set()

    def tell_module(
        self,
        name: str,
        module: ModuleType,
        loading: Loading | None = None,
        is_preloaded: bool = False,
        is_watched: bool = False,
    ) -> None:
        """Tell that a module is there.

        Args:
            name: of the module.
            module: itself.
            loading: the import that loaded it, None where that is unknown.
            is_preloaded: it was there before the probe, or was loaded past it.
            is_watched: every import of it is told, from its loading on.
        """
        self.told.add(name)
        file = module.__dict__.get("__file__") or (self._script if name == "__main__" else "")
        importer = ""
        if loading is not None and loading.code is not None:
            importer = f"{self._scope.relative(loading.code.co_filename)}:{loading.line}"
        short = self._scope.relative(file) if file else ""
        self._tell(ModuleRecord(name, short, importer, is_preloaded, time_ns(), is_watched))

    def loaded(self, loading: Loading, is_watched: bool) -> None:
        """Tell of the import that has run a module, where the module is watched or a function imports it."""
        if is_watched or self._is_deferred(loading):
            self._append(LoadEvent(loading, "loaded", thread_name(), time_ns()))

    def failed(self, loading: Loading, is_named: bool) -> None:
        """Tell of an import that failed: each time, where the policy names the module.

        What nobody asks for may be tried in a loop, and is told once for each place.
        """
        place = loading.module, loading.importer, loading.line
        is_new = place not in self._failed_at and len(self._failed_at) < MOST_FAILED
        if is_new:
            self._failed_at.add(place)
        if is_new or is_named:
            self._append(LoadEvent(loading, "failed", thread_name(), time_ns()))

    def _is_deferred(self, loading: Loading) -> bool:
        """Is it the project's own code that loads the module, from inside a function?"""
        code = loading.code
        return (
            code is not None
            and code.co_name != "<module>"
            and self._scope.is_first_party(loading.importer, code.co_filename)
        )
