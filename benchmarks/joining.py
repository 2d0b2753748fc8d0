"""What it takes to hold a recording against its source: the join of 10,000 files with what ran of them."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, time_ns

from benchmarks.alone import Effort
from benchmarks.progress import Progress
from benchmarks.readings import Reading, at_most, spread_of
from benchmarks.service_tree import write_service
from ssot_probe.analysis.inventory import inventory_of
from ssot_probe.analysis.join import Join
from ssot_probe.analysis.recording import Process, Recording
from ssot_probe.analysis.retirement.chains import Chains
from ssot_probe.analysis.retirement.code_join import join_recording
from ssot_probe.analysis.retirement.residue import Residues
from ssot_probe.inventory.cache import Cache
from ssot_probe.inventory.inventory import take_inventory
from ssot_probe.inventory.places import Places
from ssot_probe.inventory.tree import find_tree
from ssot_probe.model.path_records import CALLED, DefinitionRecord, PathUseRecord
from ssot_probe.model.policy import Concept, Policy, watched_paths
from ssot_probe.model.records import ImportRecord, ModuleRecord, ProcessRecord, Record

FILES = 10_000
WATCHED = 500

GROUP = f"join of {FILES:,} files, {WATCHED} watched paths"
SECONDS = at_most(60)


def measure(effort: Effort) -> list[Reading]:
    """Scan a service of many files, and join it with a process that ran most of it."""
    rounds = max(1, effort.pairs // 8)
    scans, joins = [], []
    with TemporaryDirectory(prefix="ssot-probe-bench-") as directory, Progress(GROUP, rounds) as progress:
        top = Path(directory)
        write_service(top, FILES)
        policy = _policy(top)
        for _ in range(rounds):
            started = perf_counter()
            records = _scan(top, policy)
            scanned = perf_counter()
            recording = Recording(
                [("p1", record) for record in _of_process(records)],
                [Process("p1", "service", 1)],
                inventory=inventory_of([("scan", record) for record in records], [Process("scan")]),
            )
            begun = perf_counter()
            _join(recording, policy)
            scans.append(scanned - started)
            joins.append(perf_counter() - begun)
            progress.step()
    return [
        Reading(GROUP, "scan, nothing remembered", spread_of(scans), unit="s"),
        Reading(GROUP, "join, residue and chains", spread_of(joins), unit="s"),
        Reading(
            GROUP, "together", spread_of([one + other for one, other in zip(scans, joins)]), SECONDS, "s"
        ),
    ]


def _policy(top: Path) -> Policy:
    """Return a policy that watches every twentieth module."""
    files = sorted(path for path in top.rglob("part*.py"))
    step = len(files) // WATCHED
    modules = [".".join(path.relative_to(top).with_suffix("").parts) for path in files[:: max(1, step)]]
    return Policy(("service",), concepts=(Concept("old", (), legacy=tuple(modules[:WATCHED])),))


def _scan(top: Path, policy: Policy) -> Sequence[Record]:
    gc.disable()
    try:
        places = Places("", str(top), str(top))
        inventory = take_inventory(
            find_tree(str(top)), places, policy, Cache(""), time_ns(), os.cpu_count() or 1
        )
        return inventory.records
    finally:
        gc.enable()


def _of_process(records: Sequence[Record]) -> Iterator[Record]:
    """Yield what a process tells that loaded every module and called every function of every other path."""
    now = time_ns()
    yield ProcessRecord("started", now, now, "3.12.1", ("service",), "", ("finder",), "", 0, ())
    for record in records:
        if isinstance(record, ModuleRecord):
            yield record._replace(watched=True, time=now)
        elif isinstance(record, ImportRecord) and record.at_load:
            yield record._replace(outcome="cached", origin="application", thread="MainThread")
        elif isinstance(record, DefinitionRecord) and record.kind == "function" and len(record.path) % 2:
            site = record.definition
            yield PathUseRecord(
                *(
                    record.path,
                    CALLED,
                    f"{site.module}:{site.function}",
                    "",
                    "application",
                    True,
                    "MainThread",
                ),
                *(1, False, now, now, record.digest, site, site),
            )


def _join(recording: Recording, policy: Policy) -> None:
    inventory = recording.inventory
    if inventory is None:
        raise RuntimeError("nothing was scanned")
    joined = Join(recording, inventory)
    residues = Residues(joined, inventory)
    chains = Chains(joined, inventory, residues)
    found = join_recording(recording)
    if any(one.unmatched for one in found.values()):
        raise RuntimeError("code that ran was not found in its source")
    for path in watched_paths(policy):
        residues.of(path)
        chains.to(path)
