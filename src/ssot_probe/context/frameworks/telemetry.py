"""What OpenTelemetry knows of the user: baggage, and attributes of the current span.

Both names are in the semantic conventions: `user.id`, and `enduser.id` from before.
"""

from __future__ import annotations

import sys

from ssot_probe.context.values import scalar

_NAMES = ("user.id", "enduser.id")


def user() -> str | None:
    """Return the user in the current context."""
    context = sys.modules["opentelemetry.context"].get_current()
    if not context:
        return None
    baggage, trace = sys.modules.get("opentelemetry.baggage"), sys.modules.get("opentelemetry.trace")
    carried = {} if baggage is None else baggage.get_all(context)
    span = None if trace is None else trace.get_current_span(context)
    attributes = getattr(span, "attributes", None) or {}
    for values in (carried, attributes):
        for name in _NAMES:
            found = scalar(values.get(name))
            if found is not None:
                return found
    return None
