"""Where Django keeps the user: on the request, lazily. What was not loaded yet stays so.

Whom an administrator acts for is the user: packages for that replace `request.user`, and keep the
administrator elsewhere.
"""

from __future__ import annotations

from typing import Any


def accounts(request: Any) -> tuple[Any, ...]:
    """Return `request.user`; where that is lazy, then what another way of asking has loaded."""
    attributes = request.__dict__
    user = attributes.get("user")
    if user is not None and type(user).__name__ != "SimpleLazyObject":
        return (user,)  # after a log-out, what was loaded before is still there
    return user, attributes.get("_cached_user"), attributes.get("_acached_user")
