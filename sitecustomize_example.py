"""Starts ssot-probe where SSOT_PROBE=1 is set, then runs the sitecustomize that this one hides.

For environments whose start-up files are not run, such as a `pip install --target` tree on PYTHONPATH: copy
this file as `sitecustomize.py` into a directory that PYTHONPATH names. `ssot-probe run` does so by itself.
"""

import os
import sys


def _start_probe(here: str) -> None:
    if os.environ.get("SSOT_PROBE", "").strip() in ("", "0"):
        return
    try:
        import ssot_probe
    except ImportError:
        # Run from inside the package, by another environment's interpreter: the package lies two levels up.
        sys.path.append(os.path.dirname(os.path.dirname(here)))
    try:
        from ssot_probe.startup import activate
    except ImportError as error:
        sys.stderr.write(f"ssot-probe is off: {error}\n")
    else:
        activate()


def _run_hidden(here: str) -> None:
    """Import the next sitecustomize on the path as if this one were not there."""
    path = list(sys.path)
    own = sys.modules.pop("sitecustomize")
    sys.path[:] = [entry for entry in path if os.path.abspath(entry) != here]
    try:
        import sitecustomize
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", own)
        # A directory of the application stays on the path, the probe's own does not.
        if os.path.basename(here) != "bootstrap":
            sys.path[:] = path


_here = os.path.dirname(os.path.abspath(__file__))
_start_probe(_here)
_run_hidden(_here)
