"""Starts ssot-probe where SSOT_PROBE=1 is set, then runs the sitecustomize that this one hides.

For environments whose start-up files are not run, such as a `pip install --target` tree on PYTHONPATH: copy
this file as `sitecustomize.py` into a directory that PYTHONPATH names. `ssot-probe run` needs no copy.

Every interpreter that inherits PYTHONPATH runs this file, so the oldest must be able to read it.
"""

import os
import sys


def _start_probe(here):
    if os.environ.get("SSOT_PROBE", "").strip() in ("", "0") or sys.version_info < (3, 10):
        return
    try:
        import ssot_probe
    except ImportError:
        # Run by another environment's interpreter, the package lies two levels up.
        if _is_inside_package(here):
            sys.path.append(os.path.dirname(os.path.dirname(here)))
    try:
        from ssot_probe.startup import activate
    except ImportError as error:
        if sys.stderr is not None:
            sys.stderr.write("ssot-probe is off: " + str(error) + "\n")
    else:
        activate()


def _run_hidden(here):
    """Import the next sitecustomize on the path as if this one were not there.

    Where there is none the import fails, and the interpreter goes on as it does without any.
    """
    if _is_inside_package(here):
        sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    away = os.path.join(here, "sitecustomize.py")  # keeps our place on the path; nothing is found there
    sys.path[:] = [away if os.path.abspath(entry) == here else entry for entry in sys.path]
    own = sys.modules.pop("sitecustomize", None)  # held on to: Python 2 clears what nobody holds
    try:
        import sitecustomize
    finally:
        sys.path[:] = [here if entry == away else entry for entry in sys.path]
        sys.path_importer_cache.pop(away, None)
        order = sys.modules.get("ssot_probe.python_path")
        if order is not None:
            order.stay_first()  # in what this process starts: what was hidden may have put its own in front
        del own


def _is_inside_package(here):
    return here.endswith(os.path.join("ssot_probe", "bootstrap"))


_here = os.path.dirname(os.path.abspath(__file__))
_start_probe(_here)
_run_hidden(_here)
