"""Prepares one look at shared references after the other: what is first-party, and what may be shared."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ssot_probe.model.policy import Concept
from ssot_probe.observe.modules import namespace_of, present_modules
from ssot_probe.observe.roots import Roots
from ssot_probe.observe.scope import Scope
from ssot_probe.observe.sharing.look import SharingLook
from ssot_probe.observe.sharing.memory import Memory


class Traversals:
    """Makes looks that know of each other what has changed between them.

    Args:
        scope: which modules are first-party.
        script: absolute path of the script that runs as `__main__`, "" for none.
        concepts: of the policy.
        are_left: does everybody come by these values of a thread-local?
    """

    def __init__(
        self,
        scope: Scope,
        script: str,
        concepts: Iterable[Concept],
        are_left: Callable[[dict[Any, Any]], bool],
    ) -> None:
        self._scope = scope
        self._script = script
        self._shared_ok = tuple({name for concept in concepts for name in concept.shared_ok})
        self._are_left = are_left
        self._memory = Memory()
        self._known: dict[str, bool] = {}  # module -> is it first-party?

    def __call__(self, roots: Roots, users: Iterable[str]) -> SharingLook:
        """Return a look that is ready to begin."""
        return SharingLook(
            roots.owned,
            self._is_application,
            self._memory,
            shared_ok=self._shared_ok,
            users=tuple(users),
            modules=self._modules(),
            are_left=self._are_left,
        )

    def _is_application(self, cls: type) -> bool:
        """Is a class of the project? Those of its other packages hold what the first-party ones share."""
        module = str(vars(cls).get("__module__", ""))
        if self._is_first_party(module):
            return True
        file = self._file_of(module)
        return file is not None and os.path.isabs(file) and self._scope.is_project_file(file)

    def _modules(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            name: namespace_of(module)
            for name, module in present_modules()
            if type(name) is str and self._is_first_party(name)
        }

    def _is_first_party(self, module: str) -> bool:
        known = self._known.get(module)
        if known is None:
            known = self._scope.watches(module, self._file_of(module))
            if module in sys.modules:
                self._known[module] = known
        return known

    def _file_of(self, module: str) -> str | None:
        found = namespace_of(sys.modules.get(module)).get("__file__")
        return found if type(found) is str else (self._script or None) if module == "__main__" else None
