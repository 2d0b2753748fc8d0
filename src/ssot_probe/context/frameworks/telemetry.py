"""What OpenTelemetry knows of the user: baggage, and attributes of the current span.

Both names are in the semantic conventions: `user.id`, and `enduser.id` from before.
"""

from __future__ import annotations

from collections.abc import Mapping

from ssot_probe.context.loaded import loaded
from ssot_probe.context.values import scalar

_NAMES = ("user.id", "enduser.id")


def user() -> str | None:
    """Return the user in the current context."""
    api = loaded("opentelemetry.context")
    context = None if api is None else api.get_current()
    if not context:
        return None
    baggage, trace = loaded("opentelemetry.baggage"), loaded("opentelemetry.trace")
    user = None if baggage is None else _first(baggage.get_all(context))
    if user is None and trace is not None:
        attributes = getattr(trace.get_current_span(context), "attributes", None)
        user = _first(attributes) if attributes else None
    return user


def _first(values: Mapping[str, object]) -> str | None:
    for name in _NAMES:
        user = scalar(values.get(name))
        if user is not None:
            return user
    return None
