"""Where Django keeps the user: on the request, lazily. What was not loaded yet stays so.

Whom an administrator acts for is the user: packages for that replace `request.user`, and keep the
administrator elsewhere.
"""

from __future__ import annotations

from typing import Any

from ssot_probe.context.values import unwrapped


def accounts(request: Any) -> tuple[Any, ...]:
    """Return `request.user` where it is loaded, else the user that another way of asking has loaded."""
    attributes = request.__dict__
    user = attributes.get("user")
    if user is not None:
        user = unwrapped(user)
        if user is not None:
            return (user,)
    return attributes.get("_cached_user"), attributes.get("_acached_user")
