"""The rules: one file each, one pure function each. This registry says which there are, in what order."""

from __future__ import annotations

from typing import NamedTuple

from ssot_probe.analysis.case import Check
from ssot_probe.analysis.rule import Rule
from ssot_probe.analysis.rules import (
    ambiguous_name,
    blind_spot,
    boundary_crossing,
    class_proliferation,
    concurrent_use,
    cross_thread_instance,
    cross_user_instance,
    cross_user_reference,
    dead_path,
    double_import,
    dual_access,
    dual_import,
    duplicate_class,
    duplicate_factory,
    facade,
    factory_bypass,
    factory_race,
    factory_type_drift,
    import_cycle,
    instance_leak,
    late_arming,
    legacy_import,
    path_fragmentation,
    records_lost,
    resurrected_path,
    stale_context,
    unattributed,
    unmatched_policy,
    unused_waiver,
)


class Entry(NamedTuple):
    """A rule with its explanation of itself."""

    rule: Rule
    check: Check


REGISTRY = (
    Entry(duplicate_class.RULE, duplicate_class.check),
    Entry(double_import.RULE, double_import.check),
    Entry(ambiguous_name.RULE, ambiguous_name.check),
    Entry(path_fragmentation.RULE, path_fragmentation.check),
    Entry(facade.RULE, facade.check),
    Entry(dual_import.RULE, dual_import.check),
    Entry(import_cycle.RULE, import_cycle.check),
    Entry(legacy_import.RULE, legacy_import.check),
    Entry(dead_path.RULE, dead_path.check),
    Entry(resurrected_path.RULE, resurrected_path.check),
    Entry(class_proliferation.RULE, class_proliferation.check),
    Entry(duplicate_factory.RULE, duplicate_factory.check),
    Entry(factory_type_drift.RULE, factory_type_drift.check),
    Entry(factory_bypass.RULE, factory_bypass.check),
    Entry(factory_race.RULE, factory_race.check),
    Entry(dual_access.RULE, dual_access.check),
    Entry(instance_leak.RULE, instance_leak.check),
    Entry(cross_user_instance.RULE, cross_user_instance.check),
    Entry(cross_user_reference.RULE, cross_user_reference.check),
    Entry(boundary_crossing.RULE, boundary_crossing.check),  # after the two that it looks at
    Entry(cross_thread_instance.RULE, cross_thread_instance.check),
    Entry(stale_context.RULE, stale_context.check),
    Entry(concurrent_use.RULE, concurrent_use.check),
    Entry(late_arming.RULE, late_arming.check),
    Entry(records_lost.RULE, records_lost.check),
    Entry(blind_spot.RULE, blind_spot.check),
    Entry(unattributed.RULE, unattributed.check),
    Entry(unmatched_policy.RULE, unmatched_policy.check),
    Entry(unused_waiver.RULE, unused_waiver.check),  # last: it looks at what all others found
)

RULES = tuple(entry.rule for entry in sorted(REGISTRY, key=lambda entry: entry.rule.code))
