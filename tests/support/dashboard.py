"""The dashboard of the repository: its panels, and its queries with values for the variables in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).parents[2] / "dashboards" / "ssot-probe.json"

PROMETHEUS, CLICKHOUSE = "${prometheus}", "${clickhouse}"
"""How panels name their data sources."""

ALL = ".*"
"""What a variable of the dashboard is where all of its values are chosen."""


class Query(NamedTuple):
    """One query of a panel."""

    panel: str
    ref: str
    text: str


def read() -> dict[str, Any]:
    """Return the dashboard."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def panels() -> list[dict[str, Any]]:
    """Return the panels, rows included."""
    return list(read()["panels"])


def queries(datasource: str) -> list[Query]:
    """Return the queries that go to a data source."""
    return [
        Query(panel["title"], target["refId"], target.get("expr") or target.get("rawSql"))
        for panel in panels()
        for target in panel.get("targets", ())
        if target["datasource"]["uid"] == datasource
    ]


def promql(text: str) -> str:
    """Return a query of Prometheus as Grafana sends it, for all services and an hour."""
    return _filled(text, {"$service": ALL, "$environment": ALL, "$__range": "1h", "$__rate_interval": "1m"})


def sql(text: str, instance: str = "") -> str:
    """Return a query of ClickHouse as Grafana sends it, for all services, a day and a table `otel_traces`."""
    return _filled(
        text,
        {
            "$__timeFilter(Timestamp)": "Timestamp BETWEEN now() - INTERVAL 1 DAY AND now() + INTERVAL 1 DAY",
            "${service:regex}": ALL,
            "${environment:regex}": ALL,
            "${table}": "otel_traces",
            "${instance:sqlstring}": f"'{instance}'",
        },
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    left = re.findall(r"\$\{?\w+", text)
    assert not left, f"not known: {left}"
    return text
