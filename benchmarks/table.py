"""The table of results: a ratio, its goal, and whether it was met."""

from __future__ import annotations

from typing import NamedTuple, Optional

from benchmarks.measure import Ratio


class Row(NamedTuple):
    """One comparison."""

    what: str
    ratio: Ratio
    goal: Optional[float] = None  # the ratio may be at most this
    detail: str = ""

    @property
    def verdict(self) -> str:
        """Return whether the median meets the goal."""
        if self.goal is None:
            return ""
        return "goal met" if self.ratio.middle <= self.goal else "goal missed"


def print_table(title: str, rows: list[Row]) -> None:
    """Print the rows of one benchmark."""
    width = max(len(row.what) for row in rows)
    print(f"\n{title}")
    for row in rows:
        spread = f"{row.ratio.middle:8.3f}  ({row.ratio.low:.3f} to {row.ratio.high:.3f})"
        goal = f"<= {row.goal:g}" if row.goal is not None else ""
        print(f"  {row.what:<{width}}  {spread:<32} {goal:<9} {row.verdict:<12} {row.detail}".rstrip())
