"""Lines of styled segments: what every text report is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Segment(NamedTuple):
    """Text with a role, which a terminal may show in colour."""

    text: str
    role: str = ""  # "alarm" | "error" | "warning" | "note" | "heading" | "code" | "place" | "faint"


Line = Sequence[Segment]
