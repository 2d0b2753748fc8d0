"""The report as JSON."""

from __future__ import annotations

import json

from ssot_probe.report.view import View


def render(view: View) -> str:
    """Return the view as JSON, in ASCII, so that nothing in a name can act on a terminal."""
    return json.dumps(view, indent=2) + "\n"
