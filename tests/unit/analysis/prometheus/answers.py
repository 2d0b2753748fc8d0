"""Answers of a Prometheus, as tests write them."""

from __future__ import annotations

import json
from typing import Any

NOW = 1_771_200_000.0


def sample(value: object = "1", asked: str | None = "uses", **labels: str) -> dict[str, Any]:
    """Return one sample; `asked` is the label that our question gives its parts."""
    metric = {"ssot_asked": asked, **labels} if asked is not None else labels
    return {"metric": metric, "value": [NOW, value]}


def answer(*samples: dict[str, Any], **more: Any) -> str:
    """Return an answer with these samples."""
    data = {"resultType": "vector", "result": list(samples)}
    return json.dumps({"status": "success", "data": data, **more})
