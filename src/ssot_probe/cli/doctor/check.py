"""What one look at a part of a deployment came to."""

from __future__ import annotations

from typing import NamedTuple


class Check(NamedTuple):
    """One thing that was looked at.

    Attributes:
        state: "ok", "note" for what is good to know, "blind" for what would not be seen, "fail" where the
            probe would not be active, "?" where that cannot be known.
        what: what was found, and what to do about it.
    """

    state: str
    what: str
