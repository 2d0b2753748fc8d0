"""Records of instances, and of who made, used and keeps them, as spans."""

from __future__ import annotations

from ssot_probe.model.instance_records import (
    AccessRecord,
    HolderRecord,
    MakeRecord,
    PoolRecord,
    PopulationRecord,
    ThreadRecord,
)
from ssot_probe.wire.shape import ACTOR, CLASS, INSTANCE, Shape

INSTANCE_SHAPES = (
    Shape(
        "ssot.make",
        MakeRecord,
        {
            "maker": "ssot.maker.name",
            "kind": "ssot.maker.kind",
            "outcome": "ssot.maker.outcome",
            **CLASS,
            "chain": "ssot.maker.chain",
            "origin": "ssot.maker.origin",
            "born": "ssot.maker.born",
            "callers": "ssot.maker.callers",
            "calls": "ssot.maker.calls",
            "found": "ssot.maker.found",
            **ACTOR,
            "count": "ssot.count",
            "unattributed": "ssot.unattributed.count",
        },
        ("first", "last"),
    ),
    Shape(
        "ssot.instance.access",
        AccessRecord,
        {
            **INSTANCE,
            "concept": "ssot.concept.name",
            "maker": "ssot.maker.name",
            "outcome": "ssot.maker.outcome",
            "user": "user.hash",
            **ACTOR,
            "request": "ssot.request.trace_id",
        },
    ),
    Shape(
        "ssot.instance.thread",
        ThreadRecord,
        {
            **INSTANCE,
            "concept": "ssot.concept.name",
            "maker": "ssot.maker.name",
            "outcome": "ssot.maker.outcome",
            "user": "user.hash",
            "number": "ssot.thread.serial",
            **ACTOR,
            "is_job": "ssot.thread.is_job",
            "beside": "ssot.thread.beside",
        },
    ),
    Shape("ssot.holder", HolderRecord, {**INSTANCE, "path": "ssot.holder.path"}),
    Shape(
        "ssot.population",
        PopulationRecord,
        {
            "concept": "ssot.concept.name",
            "cls": "ssot.instance.type",
            "maker": "ssot.maker.name",
            "made": "ssot.population.made",
            "gone": "ssot.population.released",
            "alive": "ssot.population.alive",
            "evicted": "ssot.population.evicted",
            "alive_then": "ssot.population.alive_then",
            "orphans": "ssot.population.orphans",
            "orphan_users": "ssot.population.users",
            "orphans_earlier": "ssot.population.earlier",
            "oldest": "ssot.population.oldest",
            "median": "ssot.population.median",
            "is_collected": "ssot.population.collected",
            "pause": "ssot.population.pause",
            "instance": "ssot.instance.id",
            "held": "ssot.population.held",
            "bound": "ssot.population.bound",
        },
    ),
    Shape(
        "ssot.pool",
        PoolRecord,
        {
            "pool": "ssot.pool.name",
            "acquire": "ssot.maker.name",
            "cls": "ssot.instance.type",
            "count": "ssot.count",
            "unattributed": "ssot.unattributed.count",
            "handovers": "ssot.pool.handovers",
            "unclean": "ssot.pool.unclean",
        },
    ),
)
