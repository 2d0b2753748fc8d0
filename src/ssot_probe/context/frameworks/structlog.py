"""The user that the application has bound to its log lines, in structlog's context variables."""

from __future__ import annotations

import sys

from ssot_probe.context.values import id_of_account

_NAMES = ("structlog_user_id", "structlog_user")


def user() -> str | None:
    """Return the user that is bound here."""
    variables = sys.modules["structlog.contextvars"]._CONTEXT_VARS
    for name in _NAMES:
        variable = variables.get(name)
        value = None if variable is None else variable.get(None)
        if value is not None and value is not Ellipsis:  # which stands for one that was unbound
            found = id_of_account(value)
            if found is not None:
                return found
    return None
