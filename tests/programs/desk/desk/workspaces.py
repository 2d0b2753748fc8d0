"""Workspaces: what a user works on at the moment, kept in memory for those who came last."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from desk.auth import User

_DEFAULTS: dict[str, Any] = {"layout": "list", "columns": ("id", "title")}


@dataclass
class Workspace:
    """Drafts and preferences of one user."""

    user: User
    preferences: dict[str, Any] = field(default_factory=lambda: dict(_DEFAULTS))
    drafts: list[str] = field(default_factory=list)

    def keep(self, draft: str) -> int:
        """Keep a draft; returns how many there are."""
        self.drafts.append(draft)
        return len(self.drafts)

    def prefer(self, name: str, value: Any) -> None:
        """Remember a preference."""
        self.preferences[name] = value


class Workspaces:
    """The workspaces of the users who were here last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_user: OrderedDict[str, Workspace] = OrderedDict()

    def of(self, user: User) -> Workspace:
        """The workspace of a user; the longest unused one goes where there are too many."""
        workspace = self._by_user.get(user.user_id)
        if workspace is None:
            workspace = self._by_user[user.user_id] = Workspace(user)
            if len(self._by_user) > self._most:
                self._by_user.popitem(last=False)
        self._by_user.move_to_end(user.user_id)
        return workspace


workspaces = Workspaces(most=500)
