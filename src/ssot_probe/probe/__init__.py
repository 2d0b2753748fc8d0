"""The composition root of the live half: the only place that builds it, starts it and takes it down."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Optional, Union

from ssot_probe.dependencies import require_wrapt
from ssot_probe.model.policy import Policy
from ssot_probe.probe.probe import Probe, working_directory
from ssot_probe.settings import Settings, from_environment

if TYPE_CHECKING:
    from ssot_probe.recorder.recorder import Exporter

__all__ = ["Probe", "find_policy", "start"]


def start(
    policy: Union[str, Policy, None] = None,
    settings: Optional[Settings] = None,
    exporters: Sequence[Exporter] = (),
) -> Probe:
    """Start the probe in this process, whatever SSOT_PROBE says.

    Args:
        policy: a policy, the path of a policy file, or None for the nearest policy file, else inferred.
        settings: None to read the environment.
        exporters: further ones beside those that the settings name.

    Raises:
        PolicyError: the policy cannot be read.
        SettingsError: a variable has a value without a meaning.
        DependencyError: wrapt is there in a version that does not fit.
    """
    require_wrapt()
    settings = settings or from_environment(os.environ)
    if not isinstance(policy, Policy):
        policy = find_policy(policy or settings.config)
    return Probe(settings, policy, exporters).start()


def find_policy(path: str) -> Policy:
    """Read the policy at the path, or the nearest one where the path is empty; the empty one if none.

    Raises:
        PolicyError: it cannot be read.
    """
    from ssot_probe.policy_file import find_policy_file, read_policy

    found = path or find_policy_file(working_directory())
    return read_policy(found) if found else Policy()
