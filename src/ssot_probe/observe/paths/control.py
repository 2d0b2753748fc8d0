"""The positive control: what the probe does itself, to see whether it would be heard."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ssot_probe.observe import tripwire
from ssot_probe.observe.paths.ears import Ears

EVENTS = "calls of watched code"
FINDER = "imports of modules that were never loaded"
TRIPWIRE = "imports of loaded modules"


def heard_by_ssot_probe() -> None:
    """Do nothing: to be heard is all that it is for."""


def missed(ears: Ears, finder: object, has_events: bool, has_tripwire: bool) -> dict[str, str]:
    """Try all ears, and return what was not heard, each with why.

    Args:
        ears: what listens to calls.
        finder: the probe's, that is to stand in `sys.meta_path`.
        has_events: calls are heard by events, rather than by wrappers.
        has_tripwire: this interpreter told of imports of loaded modules when the probe started.
    """
    found = {}
    if finder not in sys.meta_path:
        found[FINDER] = "somebody has taken the probe's finder out of sys.meta_path"
    if has_tripwire and not tripwire.works():
        found[TRIPWIRE] = "the interpreter does not tell of them any more"
    if has_events and not _is_heard(ears, heard_by_ssot_probe):
        found[EVENTS] = "somebody has taken the probe's place among the tools of sys.monitoring"
    elif has_events and ears.unheard():
        found[EVENTS] = "somebody has turned off the probe's events"
    return found


def _is_heard(ears: Ears, control: Callable[[], None]) -> bool:
    ears.is_control_heard = False
    is_listening = ears.listen_to_control(control.__code__)
    ears.is_control_heard = False
    control()
    return is_listening and ears.is_control_heard
