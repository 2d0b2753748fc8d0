"""Modules of libraries for which several listeners wait, each for its own; the finder asks for all."""

from __future__ import annotations

from types import ModuleType
from typing import Protocol


class Listener(Protocol):
    """What waits for modules."""

    def is_awaited(self, module: str) -> bool:
        """Is it to be told when this module has run?"""

    def loaded(self, name: str, module: ModuleType) -> None:
        """Take a module that has run; whether it was waited for is looked at here."""

    def look(self) -> None:
        """Take in modules that were loaded unnoticed."""

    def remove(self) -> None:
        """Listen no more."""


class Awaited:
    """All listeners as one."""

    def __init__(self, *listeners: Listener) -> None:
        self.listeners = list(listeners)

    def is_awaited(self, module: str) -> bool:
        """Does one of them wait for this module?"""
        return any(listener.is_awaited(module) for listener in self.listeners)

    def loaded(self, name: str, module: ModuleType) -> None:
        """Tell all of them of a module that has run."""
        for listener in self.listeners:
            listener.loaded(name, module)

    def look(self) -> None:
        """Let all of them take in what was loaded unnoticed."""
        for listener in self.listeners:
            listener.look()

    def remove(self) -> None:
        """Let none of them listen any more."""
        for listener in self.listeners:
            listener.remove()
