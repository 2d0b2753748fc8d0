"""Names as the Collector's exporter writes them; tests/services compares them with what it wrote."""

from __future__ import annotations

from ssot_probe.wire.prometheus_names import label_name, metric_named


def test_counters_end_in_total_and_units_are_words() -> None:
    assert metric_named("ssot.path.uses") == "ssot_path_uses_total"
    assert metric_named("ssot.probe.observed.duration") == "ssot_probe_observed_duration_seconds_total"
    assert metric_named("ssot.references.pause") == "ssot_references_pause_seconds"
    assert metric_named("ssot.instance.live") == "ssot_instance_live"


def test_dots_of_attributes_become_underscores() -> None:
    assert label_name("deployment.environment.name") == "deployment_environment_name"
