"""The way in: from the start-up file, from a sitecustomize, from `ssot-probe run`, from `ssot_probe.auto`.

Whatever goes wrong here is told in one line on standard error, and the service starts without the probe.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from ssot_probe.probe import Probe

TOOLS = frozenset(
    {
        *("build", "compileall", "ensurepip", "hatch", "pip", "pip3", "pipx", "poetry", "py_compile", "site"),
        *("ssot-probe", "ssot_probe", "sysconfig", "uv", "venv", "virtualenv", "wheel", "zipapp"),
    }
)
"""Programs that are never observed, run as a command or by `-m`."""

_probe: Optional[Probe] = None


def activate() -> Optional[Probe]:
    """Start the probe where the environment says so; once per process, however often it is called."""
    global _probe
    if _probe is not None:
        return _probe
    try:
        from ssot_probe.settings import is_on

        if not is_on(os.environ) or is_tool(sys.orig_argv):
            return None
        from ssot_probe.probe import start

        _probe = start()
    except Exception as error:
        _complain(error)
    return _probe


def is_tool(arguments: list[str]) -> bool:
    """Is this the command line of a program that installs, compiles or helps, and serves nobody?"""
    if not arguments:
        return False
    for position, argument in enumerate(arguments[1:], 1):
        if arguments[position - 1] == "-m":
            return argument.partition(".")[0] in TOOLS
        if arguments[position - 1] == "-c":
            return "multiprocessing.resource_tracker" in argument
        if not argument.startswith("-") and arguments[position - 1] not in ("-W", "-X"):
            return os.path.basename(argument).removesuffix(".py") in TOOLS
    return False


def _complain(error: Exception) -> None:
    if os.environ.get("SSOT_PROBE_DEBUG", "0") not in ("", "0"):
        import traceback

        traceback.print_exception(type(error), error, error.__traceback__)
        return
    line = " | ".join(str(error).splitlines()) or type(error).__name__
    if sys.stderr is not None:
        sys.stderr.write(f"ssot-probe is off: {line}\n")
