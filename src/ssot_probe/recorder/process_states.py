"""What the probe says about its own process: that it started, now and then that it lives, how it ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ssot_probe.losses import Losses
from ssot_probe.model.policy import Policy
from ssot_probe.model.records import ProcessRecord
from ssot_probe.recorder.pacing import next_heartbeat

ALIVE, STOPPED = "alive", "stopped"


class Identity(NamedTuple):
    """What the recording says of its process."""

    instance: str  # service.instance.id
    armed: int
    python: str
    policy: Policy
    policy_json: str
    observers: tuple[str, ...]
    user_key: str
    parent: str = ""  # the recorded process that forked this one
    directory: str = ""  # name of the list of processes that it is on
    number: int = 0  # its place there


class ProcessStates:
    """Makes the records of one process.

    Args:
        identity: what does not change.
        losses: what was lost until now.
        listed: so many processes its list has by now.
        closing: how the process ends, "" while it does not.
        control: whether the observers were seen to work; "" where nothing says so.
    """

    def __init__(
        self,
        identity: Identity,
        losses: Losses,
        listed: Callable[[], int] = int,
        closing: Callable[[], str] = str,
        control: Callable[[], str] = str,
    ) -> None:
        self._identity = identity
        self._losses = losses
        self._listed = listed
        self._closing = closing
        self._control = control
        self._told = self._next = 0
        self._most_listed = identity.number

    def started(self) -> ProcessRecord:
        """Return the first record."""
        return self._record("started", self._identity.armed, 0)

    def is_due(self, now: int) -> bool:
        """Is it time for a sign of life? A clock that was set back calls for one at once."""
        return now >= self._next or now < self._told

    def record(self, state: str, now: int, emitted: int) -> ProcessRecord:
        """Return a further record; the next sign of life is due some time after it."""
        self._told, self._next = now, next_heartbeat(now, self._identity.armed)
        return self._record(state, now, emitted)

    def wait(self, now: int) -> None:
        """Count the time to the first sign of life from now on."""
        self._told, self._next = now, next_heartbeat(now, self._identity.armed)

    def _record(self, state: str, time: int, emitted: int) -> ProcessRecord:
        identity = self._identity
        self._most_listed = max(self._most_listed, self._listed())
        return ProcessRecord(
            state=state,
            time=time,
            armed=identity.armed,
            python=identity.python,
            packages=identity.policy.packages,
            policy=identity.policy_json if state == "started" else "",
            observers=identity.observers,
            user_key=identity.user_key,
            emitted=emitted,
            dropped=tuple(f"{reason}={count}" for reason, count in self._losses.by_reason().items()),
            parent=identity.parent,
            control=self._control(),
            closed=self._closing() if state == STOPPED else "",
            directory=identity.directory,
            number=identity.number,
            listed=self._most_listed,
        )
