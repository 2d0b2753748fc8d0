"""How a process ends, and how long the probe may take for its last words."""

from __future__ import annotations

import sys

EXIT_SECONDS = 2.0
"""How much longer than without the probe a process may take to end."""

ENDING_SECONDS = 0.2
"""Of these, what the interpreter itself needs more to end, with what the probe has loaded."""

SHORTEST_FINISH = 0.5
"""What is left of them for the last records at least, however long the look at what is shared took."""

EXIT, FAILED, SIGTERM, STOP = "exit", "failed", "sigterm", "stop"
"""How a recording ends that has its last word; with the last of them its process went on."""


def is_ending() -> bool:
    """Does the interpreter run what `atexit` knows? It has waited for the threads before."""
    threading = sys.modules.get("threading")
    return threading is not None and not threading.main_thread().is_alive()


def has_failed() -> bool:
    """Did an exception end the program that nobody caught, and that was no wish to end it?"""
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    traceback = error.__traceback__ if isinstance(error, Exception) else None
    return traceback is not None and traceback.tb_frame.f_code.co_name in ("<module>", "_run_module_as_main")


def say_nothing_was_recorded() -> None:
    """Say so where errors are shown; to who reads the recording the empty file that is left says it."""
    try:
        sys.stderr.write("ssot-probe: the process ended before anything of it was recorded\n")
    except (AttributeError, OSError, ValueError):
        return  # nobody can be told
