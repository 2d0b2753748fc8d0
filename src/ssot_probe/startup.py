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

TOOL_FILES = frozenset({"_in_process.py", "__pip-runner__.py"})
"""What pip starts in processes of their own to build a project; the project is not running there."""

_probe: Optional[Probe] = None
_was_tried = False


def activate() -> Optional[Probe]:
    """Start the probe where the environment says so; once per process, however often it is called.

    A virtual environment runs the start-up file twice, and a sitecustomize may follow it.
    """
    global _probe, _was_tried
    if _was_tried:
        return _probe
    _was_tried = True
    try:
        from ssot_probe.settings import is_on

        if not is_on(os.environ) or is_tool(sys.orig_argv):
            return None
        if not _is_main_interpreter():
            _leave_a_trace()
            return None
        from ssot_probe.probe import start
        from ssot_probe.python_path import keep_first

        keep_first()
        _probe = start()
    except Exception as error:
        _complain(error)
    return _probe


def _is_main_interpreter() -> bool:
    """Is this not a sub-interpreter? Since 3.12 these end with a crash where wrapt or a thread is in them."""
    import _thread

    asked = getattr(_thread, "_is_main_interpreter", None)
    return asked is None or bool(asked())


def _leave_a_trace() -> None:
    """Leave the empty file of a recording: what happens in a sub-interpreter is not seen, and that counts."""
    from binascii import hexlify
    from time import gmtime, strftime

    from ssot_probe.export.announcement import announce
    from ssot_probe.settings import from_environment

    settings = from_environment(os.environ)
    if "file" in settings.exporters:
        number = hexlify(os.urandom(4)).decode()
        announce(settings.directory, f"{strftime('%Y%m%dT%H%M%S', gmtime())}-{os.getpid()}-{number}")


def is_tool(arguments: list[str]) -> bool:
    """Is this the command line of a program that installs, compiles or helps, and serves nobody?"""
    rest = iter(arguments[1:])
    for argument in rest:
        if not argument.startswith("-") or argument == "-":
            return os.path.basename(argument) in TOOLS | TOOL_FILES
        if argument.startswith("--"):
            continue
        for position, letter in enumerate(argument[1:], 2):  # options of one letter may stand together
            if letter not in "cmWX":
                continue
            value = argument[position:] or next(rest, "")
            if letter == "m":
                return value.partition(".")[0] in TOOLS
            if letter == "c":
                return "multiprocessing.resource_tracker" in value
            break
    return False


def _complain(error: Exception) -> None:
    try:
        if os.environ.get("SSOT_PROBE_DEBUG", "0") not in ("", "0"):
            import traceback

            traceback.print_exception(type(error), error, error.__traceback__)
        elif sys.stderr is not None:
            line = " | ".join(str(error).splitlines()) or type(error).__name__
            sys.stderr.write(f"ssot-probe is off: {line}\n")
    except Exception:
        return  # nobody can be told: standard error is closed or full
