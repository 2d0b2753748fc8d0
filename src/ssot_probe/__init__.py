"""ssot-probe: a runtime audit agent for multi-user Python services.

Importing this package loads next to nothing; what it offers is loaded at its first use. It is often loaded
before pytest, which would warn that it cannot rewrite assertions here: PYTEST_DONT_REWRITE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssot_probe.version import __version__ as __version__

if TYPE_CHECKING:
    from ssot_probe.context.current import bind_user as bind_user
    from ssot_probe.probe import Probe as Probe
    from ssot_probe.probe import start as start

__all__ = ["Probe", "__version__", "bind_user", "start"]

_HOME = {
    "bind_user": "ssot_probe.context.current",
    "Probe": "ssot_probe.probe",
    "start": "ssot_probe.probe",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
