"""A policy that watches paths, and what was heard of them."""

from __future__ import annotations

from ssot_probe.model.path_records import PathUseRecord, WatchedPathRecord
from support.children import Recorded, Run

POLICY = """
packages = ["shop"]
[[concept]]
name = "cart-manager"
classes = ["NoSuchClass"]
legacy = [{paths}]
"""


def watching(*paths: str) -> str:
    return POLICY.format(paths=", ".join(f'"{path}"' for path in paths))


def uses(run: Run, path: str, *rungs: str) -> list[PathUseRecord]:
    return [
        record
        for record in run.of(PathUseRecord)
        if record.path == path and (not rungs or record.rung in rungs)
    ]


def state(process: Recorded, path: str) -> WatchedPathRecord:
    return [record for record in process.of(WatchedPathRecord) if record.path == path][-1]
