"""Says when the next look at shared references is due. Times are seconds of a clock that never goes back."""

from __future__ import annotations

DELAYS = (0.0, 0.002, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0)
"""Between two looks, counted from when a new user came: what changes is seen twice, and soon."""

SHARE = 100
"""A look that took so long is followed by so many times that without one: a hundredth of one processor."""

EARLY_SHARE = 10
EARLY_LOOKS = 8
"""The first looks of a process may follow sooner, as it may end soon."""


class Schedule:
    """Looks follow each other ever more slowly, until a new user comes; never do they take a larger share."""

    def __init__(self) -> None:
        self._looks = 0
        self._step = 0
        self._ended = 0.0
        self._cost = 0.0

    def user_came(self) -> None:
        """There is a user who had no instance yet: begin with short delays again."""
        self._step = 0

    def looked(self, began: float, ended: float) -> None:
        """There was a look."""
        self._looks += 1
        self._step = min(self._step + 1, len(DELAYS) - 1)
        self._ended, self._cost = ended, ended - began

    @property
    def due(self) -> float:
        """When the next look may begin."""
        if not self._looks:
            return 0.0
        share = EARLY_SHARE if self._looks < EARLY_LOOKS else SHARE
        return self._ended + max(DELAYS[self._step], share * self._cost)
