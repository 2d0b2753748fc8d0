"""Which policy a recording is judged by, and where that one comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ssot_probe.analysis.recording import Recording
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import ProcessRecord
from ssot_probe.policy_file import find_policy_file, read_policy
from ssot_probe.policy_json import policy_from_json

VARIABLE = "SSOT_PROBE_CONFIG"


class ChosenPolicy(NamedTuple):
    """A policy and how it was found."""

    policy: Policy
    source: str  # the file; "" where there is none
    found_by: str  # in words, for the header of a report


def choose_policy(
    recording: Recording, config: str | None, environ: Mapping[str, str], directory: str
) -> ChosenPolicy:
    """Return the policy of the command line, else of the environment, the directory, the recording.

    Raises:
        PolicyError: the policy cannot be read.
    """
    if config:
        return ChosenPolicy(read_policy(config), config, "named by --config")
    named = environ.get(VARIABLE, "").strip()
    if named:
        return ChosenPolicy(read_policy(named), named, f"named by {VARIABLE}")
    found = find_policy_file(directory)
    if found:
        return ChosenPolicy(read_policy(found), found, "found from the current directory")
    recorded = _recorded(recording)
    if recorded:
        policy = policy_from_json(recorded[0])
        others = f", the first of {len(recorded)} different ones" if len(recorded) > 1 else ""
        if policy.concepts or policy.packages or policy.source:
            return ChosenPolicy(policy, policy.source, f"in force while recording{others}")
    return ChosenPolicy(Policy(), "", "none: concepts are inferred from class names")


def _recorded(recording: Recording) -> list[str]:
    """Return the policies that were in force in the recorded processes, the earliest first."""
    inventory = recording.inventory.of(ProcessRecord) if recording.inventory is not None else ()
    told = recording.of(ProcessRecord) or inventory
    found = sorted((record.time, record.policy) for _, record in told if record.policy)
    return list(dict.fromkeys(text for _, text in found))
