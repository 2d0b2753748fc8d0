"""User context as the first version passed it around (before chat.auth.User)."""

from dataclasses import dataclass

from chat.auth import User


@dataclass
class UserContext:
    """What a manager or a tool has to know about the user it works for."""

    user_id: str
    plan: str

    @classmethod
    def of(cls, user: User) -> "UserContext":
        return cls(user.user_id, user.plan)
