"""`import ssot_probe.auto` starts the probe where SSOT_PROBE says so: for uWSGI and `python -S`."""

from ssot_probe.startup import activate

activate()
