"""Why there is no evidence about a path, in words, and what to do about that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ssot_probe.analysis.retirement.epochs import Epoch
from ssot_probe.analysis.retirement.rows import said_of
from ssot_probe.analysis.retirement.seen import Seen
from ssot_probe.analysis.retirement.watch import ABSENT
from ssot_probe.analysis.wording import listing

CONSTANT = "nothing shows who reads a constant; search the source for its name"


class Lacking(NamedTuple):
    """What is known of a path that no process watched whose silence counts."""

    path: str
    around: str  # the watched path that it is or lies in; "" for none
    kinds: Collection[str]  # what the processes say that it is; none where none watched it
    is_constant: bool  # a change deletes it, and says that it is one
    seen: Seen


def why_none(lacking: Lacking, epochs: Sequence[Epoch], counted: int, environments: Sequence[str]) -> str:
    """Return why there is no evidence about a path, to follow "as".

    Args:
        lacking: what is known of it.
        epochs: all processes that were recorded.
        counted: how many of them there are whose silence counts.
        environments: those that the policy names.
    """
    if not epochs:
        return "nothing was recorded"
    if not lacking.kinds and lacking.is_constant:
        return CONSTANT
    if not lacking.kinds and lacking.around:
        return (
            f"{lacking.around} was watched, and source does not say that this is a class or function of it; "
            f"name {lacking.path} in the policy as legacy, and record again"
        )
    if not lacking.kinds:
        return "no process watched it; name it in the policy as legacy, and record again"
    if not counted:
        there = [epoch for epoch in epochs if not environments or epoch.environment in environments]
        where = f" in an environment that counts ({listing(environments)})" if environments else ""
        if not there:
            return f"no process was recorded{where}"
        is_test = all(epoch.is_test for epoch in there)
        return f"all that was recorded{where} ran tests" if is_test else "nothing was recorded since then"
    if set(lacking.kinds) == {ABSENT}:
        why = "does not bind it" if ":" in lacking.path else "never was"
        gone = f"it is not there: its module is gone, or {why}"
        if lacking.seen.tries:
            return f"{gone}, and somebody asks for it ({said_of(lacking.seen.tries)})"
        return f"{gone}; check its name, and keep it in the policy to be told who still asks for it"
    return "no process that counts watched it as its source is now; record again"
