"""Where Flask applications keep the user: in `g`, where flask-login puts it too once it was asked."""

from __future__ import annotations

import sys

from ssot_probe.context.values import id_of_account

_NAMES = ("_login_user", "user", "user_id")


def user() -> str | None:
    """Return the user of the running request, "" where nobody has logged in."""
    context = sys.modules["flask.globals"]._cv_app.get(None)
    if context is None:
        return None
    attributes = context.g.__dict__
    found = None
    for name in _NAMES:
        account = attributes.get(name)
        if account is not None:
            user = id_of_account(account)
            if user:
                return user
            found = user if found is None else found
    return found
