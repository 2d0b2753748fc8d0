"""What was found below a shared object: whose data, and whether each part says whose it is."""

from __future__ import annotations

from typing import Any, NamedTuple


class Evidence(NamedTuple):
    """What one search below an object found; users are indexes into the owners of its tags."""

    named: frozenset[int]  # who is named by places that say whose it is, by ids alone, or by instances
    kept: frozenset[int]  # of these, whose data lies in such a place
    loose: frozenset[int]  # whose data lies anywhere else
    private: tuple[Any, ...]  # of types that nobody may share, each held alone
    requests: tuple[Any, ...]  # wherever they are held
    loose_at: tuple[Any, ...]  # the mutable objects that hold loose data
    objects: int
    digest: int
    is_complete: bool

    @property
    def users(self) -> frozenset[int]:
        """Whose data was found at all."""
        return self.kept | self.loose

    def all_loose(self) -> Evidence:
        """Take names for none: nobody means to keep a user's data in the default of an argument."""
        return self._replace(loose=self.loose | self.named)
