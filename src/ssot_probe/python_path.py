"""Keeps the sitecustomize that starts the probe in front of others, for the programs that come after.

An interpreter runs the first sitecustomize that PYTHONPATH names. Ours runs the one that it hides; that of
`opentelemetry-instrument` runs no other, and what that launcher becomes would not be observed. Where the
start-up file is installed nothing of this is needed.
"""

from __future__ import annotations

import os
import sys

_VARIABLE = "PYTHONPATH"

_place = ""  # the directory of the sitecustomize that started the probe, as PYTHONPATH names it
_behind: frozenset[str] = frozenset()  # what stood in front of it from the beginning


def keep_first() -> None:
    """Begin, where a sitecustomize that PYTHONPATH names is starting the probe just now."""
    global _place, _behind
    running = getattr(sys.modules.get("sitecustomize"), "__dict__", {})
    if "_start_probe" not in running or os.name != "posix":
        return  # there is none, or it is somebody else's
    entries = os.environ.get(_VARIABLE, "").split(os.pathsep)
    directory = os.path.dirname(os.path.abspath(running["__file__"]))
    for position, entry in enumerate(entries):
        if entry and os.path.abspath(entry) == directory:
            _place, _behind = entry, frozenset(entries[:position])
            _wrap_execv()
            return


def stay_first() -> None:
    """Put our directory in front of those that have been put in front of it since."""
    if not _place:
        return
    entries = os.environ.get(_VARIABLE, "").split(os.pathsep)
    if _place not in entries:
        return  # somebody wants neither it nor the probe in what is started
    own = entries.index(_place)
    newcomers = (position for position, entry in enumerate(entries[:own]) if entry not in _behind)
    first = next(newcomers, own)
    if first != own:
        entries.insert(first, entries.pop(own))
        os.environ[_VARIABLE] = os.pathsep.join(entries)


def _wrap_execv() -> None:
    """Stay first in what this process becomes: a launcher sets the variable and is gone in the next line."""
    from ssot_probe.observe.started_programs import Starter

    class Launcher(Starter):
        """A kind of its own: whoever hears which programs are started wraps this one as well."""

    def before(*arguments: object) -> None:
        try:
            stay_first()
        except Exception:
            return  # the program is run as it would have been

    os.execv = Launcher(os.execv, "posix:execv", before, lambda *arguments: None)
