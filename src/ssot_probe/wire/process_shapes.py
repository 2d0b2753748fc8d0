"""Records of a recording itself, as spans: the process, and what could not be seen."""

from __future__ import annotations

from ssot_probe.model.process_records import BlindRecord, ProcessRecord, UserSourceRecord
from ssot_probe.wire.shape import Shape

PROCESS_SHAPES = (
    Shape(
        "ssot.probe.process",
        ProcessRecord,
        {
            "state": "ssot.process.state",
            "armed": "ssot.process.armed_at",
            "python": "process.runtime.version",
            "packages": "ssot.process.packages",
            "policy": "ssot.process.policy",
            "observers": "ssot.process.observers",
            "user_key": "ssot.process.user_key",
            "emitted": "ssot.process.emitted",
            "dropped": "ssot.process.dropped",
            "parent": "ssot.process.parent",
            "control": "ssot.process.control",
            "closed": "ssot.process.closed",
            "directory": "ssot.process.directory",
            "number": "ssot.process.number",
            "listed": "ssot.process.listed",
        },
    ),
    Shape(
        "ssot.user_source",
        UserSourceRecord,
        {
            "source": "ssot.user_source.name",
            "kind": "ssot.user_source.kind",
            "state": "ssot.user_source.state",
        },
    ),
    Shape("ssot.blind", BlindRecord, {"subject": "ssot.blind.subject", "reason": "ssot.blind.reason"}),
)
